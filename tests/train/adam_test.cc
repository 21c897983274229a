#include "train/adam.h"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

AdamOptions options() {
  AdamOptions o;
  o.learning_rate = 1e-2;
  o.weight_decay = 1e-1;
  return o;
}

// A loss whose gradient shrinks, so that the greatest square matters.
torch::Tensor loss_of(const torch::Tensor& p, int step) {
  return (p * p).sum() * (step < 10 ? 5. : .1) + (p.sin() * (step % 3)).sum();
}

TEST(Adam, TakesTheStepsOfTorchs) {
  torch::manual_seed(1);
  const torch::Tensor start = torch::randn({37, 5});
  torch::Tensor ours = start.clone().requires_grad_();
  torch::Tensor theirs = start.clone().requires_grad_();
  Adam adam({{"p", ours}}, options());
  torch::optim::Adam reference({theirs},
                               torch::optim::AdamOptions(1e-2).weight_decay(1e-1).amsgrad(true));
  for (int step = 0; step < 50; ++step) {
    adam.zero_grad();
    loss_of(ours, step).backward();
    adam.step();
    reference.zero_grad();
    loss_of(theirs, step).backward();
    reference.step();
    ASSERT_TRUE(torch::allclose(ours, theirs, 1e-5, 1e-6)) << "step " << step;
  }
  EXPECT_FALSE(torch::allclose(ours, start, 1e-2, 1e-2));
}

TEST(Adam, ParametersWhoseNameBeginsSoHaveARateOfTheirOwn) {
  const torch::Tensor start = torch::ones({3});
  torch::Tensor inner = start.clone().requires_grad_();
  torch::Tensor outer = start.clone().requires_grad_();
  AdamOptions o = options();
  o.learning_rates["image_encoder."] = o.learning_rate / 10;
  Adam adam({{"image_encoder.weight", inner}, {"heads.weight", outer}}, o);
  (inner.sum() + outer.sum()).backward();
  adam.step();
  EXPECT_TRUE(torch::allclose((start - outer), (start - inner) * 10, 1e-4, 1e-6));
  EXPECT_NEAR(outer[0].item<float>(), 1 - o.learning_rate, 1e-6);
}

TEST(Adam, BiasesMayBeLeftOutOfTheDecay) {
  torch::Tensor weight = torch::ones({2, 3}).requires_grad_();
  torch::Tensor bias = torch::ones({3}).requires_grad_();
  AdamOptions o = options();
  o.decay_vectors = false;
  Adam adam({{"weight", weight}, {"bias", bias}}, o);
  (weight.sum() * 0 + bias.sum() * 0).backward();  // the decay is all that moves anything
  adam.step();
  EXPECT_TRUE(torch::equal(bias, torch::ones({3})));
  EXPECT_TRUE((weight < 1).all().item<bool>());
}

TEST(Adam, AStepMayHaveAShareOfItsRate) {
  torch::Tensor whole = torch::ones({3}).requires_grad_();
  torch::Tensor half = torch::ones({3}).requires_grad_();
  Adam first({{"p", whole}}, options());
  Adam second({{"p", half}}, options());
  (whole.sum() + half.sum()).backward();
  first.step();
  second.step(.5);
  EXPECT_TRUE(torch::allclose((1 - whole), (1 - half) * 2, 1e-4, 1e-6));
}

TEST(Adam, OtherTypesGoThroughTorch) {
  const torch::Tensor start = torch::linspace(-1, 1, 12, torch::kFloat64).reshape({3, 4});
  torch::Tensor slow = start.clone().requires_grad_();
  torch::Tensor fast = start.to(torch::kFloat32).clone().requires_grad_();
  Adam in_double({{"p", slow}}, options());
  Adam in_float({{"p", fast}}, options());
  for (int step = 0; step < 30; ++step) {
    for (auto* adam : {&in_double, &in_float}) adam->zero_grad();
    loss_of(slow, step).backward();
    loss_of(fast, step).backward();
    for (auto* adam : {&in_double, &in_float}) adam->step();
  }
  EXPECT_TRUE(torch::allclose(slow.to(torch::kFloat32), fast, 1e-4, 1e-5));
}

TEST(Adam, KeepsParametersWithoutAGradient) {
  torch::Tensor used = torch::ones({3}).requires_grad_();
  torch::Tensor unused = torch::ones({3}).requires_grad_();
  Adam adam({{"unused", unused}, {"used", used}}, options());
  used.sum().backward();
  adam.step();
  EXPECT_TRUE(torch::equal(unused, torch::ones({3})));
  EXPECT_FALSE(torch::equal(used, torch::ones({3})));
  EXPECT_EQ(adam.state().at("unused.steps").item<std::int64_t>(), 0);
  EXPECT_EQ(adam.state().at("used.steps").item<std::int64_t>(), 1);
}

TEST(Adam, WorksInAnyMemoryOrder) {
  torch::manual_seed(2);
  const torch::Tensor start = torch::randn({4, 3, 5, 5});
  const torch::Tensor scale = torch::randn({4, 3, 5, 5});
  torch::Tensor plain = start.clone().requires_grad_();
  torch::Tensor last = start.clone(torch::MemoryFormat::ChannelsLast).detach().requires_grad_();
  Adam a({{"p", plain}}, options());
  Adam b({{"p", last}}, options());
  for (int step = 0; step < 5; ++step) {
    a.zero_grad();
    b.zero_grad();
    (loss_of(plain, step) + (plain * scale).sum()).backward();
    (loss_of(last, step) + (last * scale).sum()).backward();
    a.step();
    b.step();
  }
  EXPECT_TRUE(torch::allclose(plain, last, 1e-6, 1e-6));
  EXPECT_TRUE(last.is_contiguous(torch::MemoryFormat::ChannelsLast));
}

TEST(Adam, GoesOnFromItsState) {
  const torch::Tensor start = torch::linspace(-1, 1, 12);
  const auto train = [&](int from, int to, torch::Tensor& p, Adam& adam) {
    for (int step = from; step < to; ++step) {
      adam.zero_grad();
      loss_of(p, step).backward();
      adam.step();
    }
  };
  torch::Tensor whole = start.clone().requires_grad_();
  Adam adam({{"p", whole}}, options());
  train(0, 20, whole, adam);

  torch::Tensor first = start.clone().requires_grad_();
  Adam before({{"p", first}}, options());
  train(0, 9, first, before);
  torch::Tensor second = first.detach().clone().requires_grad_();
  Adam after({{"p", second}}, options());
  after.load(before.state(), "test");
  train(9, 20, second, after);
  EXPECT_TRUE(torch::equal(whole, second));

  EXPECT_THROW(after.load({}, "test"), InputError);
  auto broken = before.state();
  broken["p.mean"] = torch::zeros({3});
  EXPECT_THROW(after.load(broken, "test"), InputError);
}

}  // namespace
}  // namespace epicrisis
