// SPDX-License-Identifier: Apache-2.0
#include "weft/dataflow/conventions.h"

#include <catch2/catch.hpp>

#include "weft/base/error_testing.h"

namespace weft {

using testing::Ids;
using testing::ids_of;
using testing::problems_of;

TEST_CASE("the presets are those of docs/formulas.md") {
  const Conventions weft = parse_conventions("weft");
  CHECK(weft == Conventions{});
  CHECK(weft.hold == Hold::as_store);
  CHECK(weft.halo == Halo::as_store);
  CHECK(weft.multicast == Multicast::exact);
  CHECK(weft.first_read == FirstRead::elide);
  CHECK(weft.read_back == ReadBack::one);
  CHECK(weft.ends == Ends::both);
  CHECK(weft.padding == Padding::implicit);
  CHECK(weft.overlap == Overlap::buffered);

  CHECK(parse_conventions("isca16") == Conventions{.ends = Ends::outer, .padding = Padding::stored});
  CHECK(parse_conventions("nn_dataflow") ==
        Conventions{.first_read = FirstRead::mac, .ends = Ends::parent, .padding = Padding::stored});
  CHECK(parse_conventions("timeloop") == Conventions{.hold = Hold::relevant,
                                                     .halo = Halo::slide,
                                                     .multicast = Multicast::per_loop,
                                                     .ends = Ends::no_drain_read,
                                                     .padding = Padding::stored});
  CHECK(parse_conventions("accelforge") == Conventions{.hold = Hold::iteration,
                                                       .halo = Halo::refetch,
                                                       .multicast = Multicast::per_loop,
                                                       .read_back = ReadBack::each,
                                                       .padding = Padding::stored});
  CHECK(convention_presets().size() == 5);
}

TEST_CASE("options are set on top of a preset, or on top of what was there") {
  Conventions expected = parse_conventions("timeloop");
  expected.halo = Halo::refetch;
  CHECK(parse_conventions("timeloop,halo=refetch") == expected);
  CHECK(parse_conventions("halo=refetch", parse_conventions("timeloop")) == expected);
  CHECK(parse_conventions("halo=refetch") == Conventions{.halo = Halo::refetch});
  CHECK(parse_conventions("weft", parse_conventions("timeloop")) == Conventions{});
}

TEST_CASE("the text of any conventions reads back as the same") {
  int tried = 0;
  for (const char* hold : {"as_store", "relevant", "iteration"})
    for (const char* halo : {"as_store", "slide", "refetch"})
      for (const char* multicast : {"exact", "per_loop"})
        for (const char* first_read : {"elide", "zero"})
          for (const char* read_back : {"one", "each"})
            for (const char* ends : {"both", "no_drain_read", "outer"})
              for (const char* padding : {"implicit", "stored"})
                for (const char* overlap : {"buffered", "perfect"}) {
                  const std::string text = std::string("hold=") + hold + ",halo=" + halo + ",multicast=" + multicast +
                                           ",first_read=" + first_read + ",read_back=" + read_back + ",ends=" + ends +
                                           ",padding=" + padding + ",overlap=" + overlap;
                  const Conventions conventions = parse_conventions(text);
                  CAPTURE(text);
                  REQUIRE(parse_conventions(to_string(conventions)) == conventions);
                  ++tried;
                }
  CHECK(tried == 864);
  CHECK(to_string(Conventions{}) == "weft");
  CHECK(to_string(parse_conventions("timeloop,halo=refetch")) == "timeloop,halo=refetch");
}

TEST_CASE("a misspelt convention is refused with the nearest spelling") {
  const auto mend = [](const char* text) {
    const std::vector<Problem> problems = problems_of([&] { parse_conventions(text); });
    REQUIRE(problems.size() == 1);
    CHECK(problems.front().id == "conventions.unknown");
    return problems.front().mend;
  };
  CHECK(mend("timelop") == "did you mean 'timeloop'?");
  CHECK(mend("weft,hallo=slide") == "did you mean 'halo'?");
  CHECK(mend("halo=refetched") == "did you mean 'refetch'?");
  CHECK(mend("weft,,halo=slide").starts_with("one of: weft"));
  CHECK(mend("").starts_with("one of: weft"));
}

}  // namespace weft
