// What is for this machine stays here, whatever the name in the URL leads to.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netdb.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "epicrisis/net/http.h"
#include "support/fake_transport.h"
#include "support/fault_server.h"

namespace {

// While it lives, every name that is looked up leads to this address.
class NamesLeadTo {
 public:
  explicit NamesLeadTo(const char* address) { to = address; }
  ~NamesLeadTo() { to = nullptr; }
  NamesLeadTo(const NamesLeadTo&) = delete;
  NamesLeadTo& operator=(const NamesLeadTo&) = delete;

  static std::atomic<const char*> to;  // null: no name is known
  static std::atomic<int> asked;
};
std::atomic<const char*> NamesLeadTo::to = nullptr;
std::atomic<int> NamesLeadTo::asked = 0;

struct Found {
  addrinfo info;
  sockaddr_storage address;
};

}  // namespace

// These stand in for the C library's in this program, so that no test needs a DNS.
extern "C" int getaddrinfo(const char*, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  ++NamesLeadTo::asked;
  const char* const text = NamesLeadTo::to;
  if (text == nullptr) return EAI_NONAME;
  auto* found = static_cast<Found*>(std::calloc(1, sizeof(Found)));
  if (found == nullptr) return EAI_MEMORY;
  const auto port = htons(static_cast<std::uint16_t>(service == nullptr ? 0 : std::atoi(service)));
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = port;
    found->info.ai_addrlen = sizeof(four);
    std::memcpy(&found->address, &four, sizeof(four));
  } else if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    six.sin6_port = port;
    found->info.ai_addrlen = sizeof(six);
    std::memcpy(&found->address, &six, sizeof(six));
  }
  found->info.ai_family = found->address.ss_family;
  found->info.ai_socktype = hints == nullptr ? SOCK_STREAM : hints->ai_socktype;
  found->info.ai_addr = reinterpret_cast<sockaddr*>(&found->address);
  *result = &found->info;
  return 0;
}

extern "C" void freeaddrinfo(addrinfo* result) noexcept { std::free(result); }

namespace epicrisis {
namespace {

using testing::HasSubstr;

class ThisMachineTest : public testing::Test {
 protected:
  HttpAnswer ask(const std::string& scheme, const std::string& host) {
    HttpRequest request;
    request.url = scheme + "://" + host + ":" + std::to_string(server_.port()) + "/v1";
    request.body = std::make_shared<const std::string>("{}");
    request.timeouts = {Seconds(5), Seconds(5), Seconds(5)};
    return send_and_wait(*make_curl_transport(), request, job_);
  }

  test::FaultServer server_;
  test::FakeClock clock_;
  Job job_{clock_};
};

TEST_F(ThisMachineTest, IsReachedHoweverItIsSpelt) {
  for (const char* host : {"localhost", "LocalHost", "127.1", "0x7f.1", "2130706433", "127.0.0.1",
                           "[::ffff:127.0.0.1]"}) {
    const HttpAnswer answer = ask("http", host);
    EXPECT_EQ(answer.status, 200) << host << ": " << answer.error;
  }
  const NamesLeadTo here("127.0.0.1");
  EXPECT_EQ(ask("http", "localhost.").status, 200);
}

// Not even a connection is made.
TEST_F(ThisMachineTest, IsNotLeftByANameThatLeadsElsewhere) {
  for (const char* const address :
       {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0", "::"}) {
    const NamesLeadTo elsewhere(address);
    for (const char* const scheme : {"http", "https"}) {
      for (const char* host : {"localhost.", "LOCALHOST."}) {
        const HttpAnswer answer = ask(scheme, host);
        EXPECT_EQ(answer.failure, HttpFailure::kRefused) << host << ": " << answer.error;
        EXPECT_THAT(answer.error, HasSubstr(address)) << host;
        EXPECT_THAT(answer.error, HasSubstr("nothing was sent")) << host;
      }
    }
  }
  EXPECT_GT(NamesLeadTo::asked, 0) << "no name was looked up";
  EXPECT_EQ(server_.connections(), 0U);
}

// A name that is not spelt as this machine needs consent, and goes where it leads.
TEST_F(ThisMachineTest, OtherNamesAreTheUsersBusiness) {
  const NamesLeadTo here("127.0.0.1");
  EXPECT_EQ(ask("http", "llm.example").status, 200);
}

// A server on this machine that sends its clients elsewhere is not obeyed.
TEST_F(ThisMachineTest, IsNotLeftByARedirect) {
  const NamesLeadTo elsewhere("192.0.2.1");
  const int before = NamesLeadTo::asked;
  for (const char* to : {"http://192.0.2.1/v1", "http://elsewhere.example/v1", "//192.0.2.1/"}) {
    server_.then(test::respond(307, "", {{"Location", to}}));
    EXPECT_EQ(ask("http", "127.0.0.1").status, 307);
  }
  EXPECT_EQ(NamesLeadTo::asked, before);
}

}  // namespace
}  // namespace epicrisis
