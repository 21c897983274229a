#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "epicrisis/core/error.h"
#include "epicrisis/hub/hub.h"
#include "support/fake_hub.h"
#include "support/fake_transport.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "hf_canary_4711";

class HubRepositoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.endpoint = hub_.hub.url();
    settings_.cache = folder_.path() / "hub";
    settings_.token = Secret(kToken);
    hub_.put("config.json", {"{}", false, ""});
    hub_.put("model.safetensors", {weights(), true, ""});
    hub_.put("tf_model.h5", {"other", true, ""});
    hub_.put("1_Pooling/config.json", {"{\"a\": 1}", false, ""});
  }
  static std::string weights() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i) + ",";
    return text;
  }
  HubRepository find(bool all = false) {
    return find_repository(*transport_, settings_, {"org/net", "main"}, all, job_);
  }
  Path fetch() {
    HubRepository repository = find();
    fetched_ = 0;
    return fetch_repository(*transport_, settings_, repository, job_, fetched_);
  }
  std::string error_of_fetch() {
    try {
      fetch();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  Path repository() const { return settings_.cache / "models--org--net"; }
  // Of weights that are not whole; 0 without.
  std::uintmax_t begun() const {
    for (const auto& item : fs::directory_iterator(repository() / "blobs")) {
      if (item.path().extension() == ".incomplete") return item.file_size();
    }
    return 0;
  }

  test::FakeHub hub_;
  TemporaryFolder folder_;
  HubSettings settings_;
  test::FakeClock clock_;
  Job job_{clock_};
  std::uint64_t fetched_ = 0;
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport();
};

TEST_F(HubRepositoryTest, TheCacheIsThatOfHuggingFace) {
  const HubRepository found = find();
  EXPECT_EQ(found.commit, hub_.commit);
  ASSERT_EQ(found.files.size(), 3U);
  EXPECT_EQ(found.files[2].name, "model.safetensors");
  EXPECT_EQ(found.files[2].bytes, weights().size());
  EXPECT_FALSE(found.files[2].there);
  EXPECT_THAT(found.left_out, ElementsAre("tf_model.h5"));
  EXPECT_EQ(find(true).files.size(), 4U);

  const Path snapshot = fetch();
  EXPECT_EQ(snapshot, repository() / "snapshots" / hub_.commit);
  EXPECT_EQ(read_file(repository() / "refs/main"), hub_.commit);
  EXPECT_EQ(read_file(snapshot / "model.safetensors"), weights());
  EXPECT_EQ(read_file(snapshot / "1_Pooling/config.json"), "{\"a\": 1}");
  const std::string sum = sha256_hex(weights());
  EXPECT_EQ(fs::read_symlink(snapshot / "model.safetensors").string(), "../../blobs/" + sum);
  EXPECT_EQ(fs::read_symlink(snapshot / "1_Pooling/config.json").string(),
            "../../../blobs/" + test::FakeHub::etag_of({"{\"a\": 1}", false, ""}));
  EXPECT_EQ(begun(), 0U);
  EXPECT_EQ(fetched_, weights().size() + 10);

  const std::size_t before = hub_.store.request_count();
  EXPECT_EQ(fetch(), snapshot);
  EXPECT_EQ(fetched_, 0U);
  EXPECT_EQ(hub_.store.request_count(), before);
}

TEST_F(HubRepositoryTest, TwoFilesOfOneContentAreFetchedOnce) {
  hub_.put("1_Pooling/config.json", {"{}", false, ""});
  const Path snapshot = fetch();
  EXPECT_EQ(read_file(snapshot / "config.json"), "{}");
  EXPECT_EQ(read_file(snapshot / "1_Pooling/config.json"), "{}");
  EXPECT_EQ(fetched_, weights().size() + 2);
}

TEST_F(HubRepositoryTest, TheTokenGoesToTheEndpointAlone) {
  fetch();
  EXPECT_EQ(hub_.hub.count([](const test::SeenRequest& request) {
    const auto found = request.headers.find("authorization");
    return found == request.headers.end() || found->second != std::string("Bearer ") + kToken;
  }),
            0U);
  EXPECT_GT(hub_.store.request_count(), 0U);
  EXPECT_EQ(hub_.store.count([](const test::SeenRequest& request) {
    return request.headers.count("authorization") > 0;
  }),
            0U);
}

TEST_F(HubRepositoryTest, ABrokenConnectionGoesOnWhereItEnded) {
  hub_.cut_next(100'000, 2);
  EXPECT_EQ(read_file(fetch() / "model.safetensors"), weights());
  EXPECT_EQ(fetched_, weights().size() + 10);
  const auto requests = hub_.store.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(requests[1].headers.at("range"), "bytes=100000-");
  EXPECT_EQ(requests[2].headers.at("range"), "bytes=200000-");
}

TEST_F(HubRepositoryTest, AServerThatNeverGivesAByteIsGivenUp) {
  hub_.cut_next(0, 100);
  EXPECT_THAT(error_of_fetch(), AllOf(HasSubstr("broken answer"), HasSubstr("what came is kept")));
  EXPECT_FALSE(fs::exists(repository() / "refs/main"));
}

TEST_F(HubRepositoryTest, AnInterruptKeepsWhatCame) {
  hub_.store.then({{{Seconds(0), "HTTP/1.1 200 X\r\nContent-Length: 300001\r\n\r\n" +
                                     weights().substr(0, 50'000)}},
                   test::FaultAction::End::kHang,
                   false});
  HubRepository repository = find();
  std::thread stopper([&] {
    hub_.store.wait_for_requests(1);
    for (int i = 0; i < 1000 && begun() < 50'000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    job_.cancel();
  });
  EXPECT_THROW(fetch_repository(*transport_, settings_, repository, job_, fetched_), Interrupted);
  stopper.join();
  EXPECT_EQ(begun(), 50'000U);
  Job again(clock_);
  fetched_ = 0;
  const Path snapshot = fetch_repository(*transport_, settings_, repository, again, fetched_);
  EXPECT_EQ(read_file(snapshot / "model.safetensors"), weights());
  EXPECT_EQ(hub_.store.requests().back().headers.at("range"), "bytes=50000-");
}

TEST_F(HubRepositoryTest, AFileThatChangesBeginsAgain) {
  for (const std::size_t length : {weights().size(), std::size_t{200'000}}) {
    const HubRepository before = find();
    const std::string etag = before.files.back().etag;
    write_file(repository() / "blobs" / (etag + ".incomplete"), weights().substr(0, 1000));
    const std::string other = std::string(length, 'x');
    hub_.put("model.safetensors", {other, true, ""});
    HubRepository repository = before;
    const Path snapshot = fetch_repository(*transport_, settings_, repository, job_, fetched_);
    EXPECT_EQ(read_file(snapshot / "model.safetensors"), other);
    EXPECT_EQ(begun(), 0U);
    EXPECT_FALSE(fs::exists(this->repository() / "blobs" / etag));
    fs::remove_all(settings_.cache);
    hub_.put("model.safetensors", {weights(), true, ""});
  }
}

TEST_F(HubRepositoryTest, BytesOfAnotherChecksumAreRefused) {
  for (const bool large : {false, true}) {
    hub_.put(large ? "model.safetensors" : "config.json",
             {"abc", large, std::string(large ? 64 : 40, 'd')});
    EXPECT_THAT(error_of_fetch(), HasSubstr("its checksum is")) << large;
    EXPECT_FALSE(fs::exists(repository() / "blobs" / std::string(large ? 64 : 40, 'd')));
    EXPECT_EQ(begun(), 0U);
    hub_.put("config.json", {"{}", false, ""});
  }
}

TEST_F(HubRepositoryTest, NoNameLeadsOutOfTheFolder) {
  for (const char* name : {"../config.json", "/etc/x", "a/../../x", "a\\b", "a//b", ""}) {
    hub_.hub.on("/revision/",
                {test::respond(200, dump_json(Json{{"sha", hub_.commit},
                                                   {"siblings", {{{"rfilename", name}}}}}))});
    EXPECT_THROW(find(), InputError) << name;
  }
  for (const char* body : {"[]", "{}", "{\"sha\": \"../x\", \"siblings\": []}", "<html>"}) {
    hub_.hub.on("/revision/", {test::respond(200, body)});
    EXPECT_THROW(find(), InputError) << body;
  }
  hub_.put("model.safetensors", {"abc", true, "../../evil"});
  EXPECT_THROW(find(), InputError);
}

TEST_F(HubRepositoryTest, RefusalsSayWhatToDoAndNoToken) {
  for (const auto& [status, words] :
       {std::pair(404, "there is no such repository"), std::pair(401, "the token in use"),
        std::pair(403, "accept its terms")}) {
    hub_.hub.on("/revision/", {test::respond(status, "{}", {{"X-Error-Message", kToken}})});
    try {
      find();
      FAIL() << status;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(words), Not(HasSubstr(kToken))));
    }
  }
  hub_.hub.on("/revision/", {test::respond(503, "{}"), test::respond(429, "{}")});
  EXPECT_EQ(find().files.size(), 3U);  // after a while
}

TEST_F(HubRepositoryTest, OfflineNothingIsAsked) {
  settings_.offline = true;
  try {
    find();
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("HF_HUB_OFFLINE is set"));
  }
  EXPECT_EQ(hub_.hub.request_count(), 0U);
}

TEST_F(HubRepositoryTest, AFullDiskKeepsWhatCame) {
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 65'536;
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = error_of_fetch();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(error, AllOf(HasSubstr("cannot write"), HasSubstr(".incomplete")));
  EXPECT_EQ(begun(), 65'536U);
  EXPECT_EQ(read_file(fetch() / "model.safetensors"), weights());
  EXPECT_EQ(fetched_, weights().size() - 65'536);
}

}  // namespace
}  // namespace epicrisis
