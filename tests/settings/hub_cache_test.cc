#include "settings/hub_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

namespace epicrisis {
namespace {

constexpr const char* kOne = "1111111111111111111111111111111111111111";
constexpr const char* kTwo = "2222222222222222222222222222222222222222";

class HubCache : public ::testing::Test {
 protected:
  Path repository() const { return folder_.path() / "models--org--net"; }
  Path snapshot(const std::string& commit) const { return repository() / "snapshots" / commit; }
  void SetUp() override { write_file(snapshot(kOne) / "config.json", "{}"); }
  TemporaryFolder folder_;
};

TEST_F(HubCache, KnowsItsFolders) {
  EXPECT_TRUE(is_hub_repository(repository()));
  EXPECT_TRUE(is_hub_repository(repository() / ""));
  EXPECT_FALSE(is_hub_repository(folder_.path()));
  EXPECT_FALSE(is_hub_repository(repository() / "snapshots"));
  EXPECT_TRUE(is_hub_snapshot(snapshot(kOne)));
  EXPECT_TRUE(is_hub_snapshot(snapshot(kOne) / ""));
  EXPECT_FALSE(is_hub_snapshot(repository()));
  EXPECT_FALSE(is_hub_snapshot("/"));
}

TEST_F(HubCache, TheBranchCountsThenTheOnlySnapshot) {
  EXPECT_EQ(hub_snapshot(repository()), snapshot(kOne));
  write_file(snapshot(kTwo) / "config.json", "{}");
  EXPECT_EQ(hub_snapshot(repository()), std::nullopt);
  write_file(repository() / "refs/main", std::string(kTwo) + "\n");
  EXPECT_EQ(hub_snapshot(repository()), snapshot(kTwo));
  EXPECT_EQ(hub_snapshot(repository(), kOne), snapshot(kOne));
  EXPECT_EQ(hub_snapshot(repository(), "main"), snapshot(kTwo));
  write_file(repository() / "refs/v1/beta", kOne);
  EXPECT_EQ(hub_snapshot(repository(), "v1/beta"), snapshot(kOne));
  EXPECT_EQ(hub_snapshot(repository(), "v2"), std::nullopt);
}

TEST_F(HubCache, NothingLeadsOutOfIt) {
  write_file(folder_.path() / "elsewhere/config.json", "{}");
  write_file(repository() / "refs/main", "../../elsewhere");
  write_file(repository() / "secret", kOne);
  EXPECT_EQ(hub_snapshot(repository(), "main"), std::nullopt);
  EXPECT_EQ(hub_snapshot(repository(), "../secret"), std::nullopt);
  EXPECT_EQ(hub_snapshot(repository(), ".."), std::nullopt);
}

TEST(HubNames, AreThoseOfFolders) {
  for (const char* name : {"org/net", "net", "Org-1/net_2.0", "a/b"}) {
    EXPECT_TRUE(is_hub_name(name)) << name;
    EXPECT_EQ(hub_name_of(hub_folder_name(name)), name);
  }
  EXPECT_EQ(hub_folder_name("org/net"), "models--org--net");
  for (const char* name : {"", "/", "org/", "/net", "org/net/x", "..", "../net", "a--b/c", "a b/c",
                           ".hidden/x", "-x/y", "org/net.", "org/ne\nt"}) {
    EXPECT_FALSE(is_hub_name(name)) << name;
  }
}

TEST(HubPlaces, FollowTheVariablesOfHuggingFace) {
  std::map<std::string, std::string> before;
  const auto set = [&](const char* name, const char* value) {
    if (const char* old = std::getenv(name)) before[name] = old;
    setenv(name, value, 1);
  };
  set("HOME", "/h");
  for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"}) {
    set(name, "");
  }
  EXPECT_EQ(hub_cache_folder(), "/h/.cache/huggingface/hub");
  set("XDG_CACHE_HOME", "/x");
  EXPECT_EQ(hub_cache_folder(), "/x/huggingface/hub");
  set("HF_HOME", "/hf");
  EXPECT_EQ(hub_cache_folder(), "/hf/hub");
  set("HF_HUB_CACHE", "/c");
  EXPECT_EQ(hub_cache_folder(), "/c");
  for (const char* name :
       {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"}) {
    unsetenv(name);
  }
  for (const auto& [name, value] : before) {
    if (!value.empty()) setenv(name.c_str(), value.c_str(), 1);
  }
}

}  // namespace
}  // namespace epicrisis
