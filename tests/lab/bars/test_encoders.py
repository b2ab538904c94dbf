"""Encoders: nothing is known of the future, padding is not read, and each layer is what its paper says, by hand."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from drr_tutorial.lab.bars.encoders import RecurrentEncoder, SelfAttentionEncoder, SequenceEncoder

N_ITEMS, SIZE, LENGTH = 12, 8, 6
MAKERS: dict[str, Callable[[], SequenceEncoder]] = {
    "self-attention": lambda: SelfAttentionEncoder(N_ITEMS, SIZE, 0.3, LENGTH, n_blocks=2, n_heads=2),
    "recurrent": lambda: RecurrentEncoder(N_ITEMS, SIZE, 0.3),
}


@pytest.fixture(params=MAKERS)
def encoder(request: pytest.FixtureRequest) -> SequenceEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return MAKERS[request.param]().eval()


@pytest.fixture
def windows() -> Tensor:
    return torch.randint(N_ITEMS, (4, LENGTH), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
def test_the_future_changes_nothing_before_it(encoder: SequenceEncoder, windows: Tensor) -> None:
    for place in range(LENGTH):
        other = windows.clone()
        other[:, place] = (other[:, place] + 1) % N_ITEMS
        one, two = encoder(windows), encoder(other)
        torch.testing.assert_close(one[:, :place], two[:, :place])
        assert ((one - two)[:, place:].abs().amax(dim=2) > 1e-4).all()  # and all that follows


@torch.no_grad()
def test_padding_behind_a_window_changes_nothing(encoder: SequenceEncoder, windows: Tensor) -> None:
    padded = windows.clone()
    padded[:, 3:] = N_ITEMS
    torch.testing.assert_close(encoder(padded)[:, :3], encoder(windows[:, :3]))


def test_the_vector_that_pads_is_not_learned(encoder: SequenceEncoder, windows: Tensor) -> None:
    windows[:, 3:] = N_ITEMS
    encoder(windows).pow(2).sum().backward()
    gradient = encoder.items.weight.grad
    assert gradient is not None
    assert not encoder.items.weight[N_ITEMS].any()
    assert not gradient[N_ITEMS].any()
    assert gradient[windows[0, 0]].any()


@torch.no_grad()
def test_logits_are_dot_products_with_the_same_items(encoder: SequenceEncoder, windows: Tensor) -> None:
    encoder.bias += torch.arange(N_ITEMS)
    vectors = encoder(windows)
    logits = encoder.logits(vectors)
    assert logits.shape == (4, LENGTH, N_ITEMS)
    torch.testing.assert_close(logits[1, 2, 5], vectors[1, 2] @ encoder.items.weight[5] + 5)


@torch.no_grad()
def test_a_sampled_softmax_over_all_items_is_the_softmax(encoder: SequenceEncoder, windows: Tensor) -> None:
    encoder.bias += torch.arange(N_ITEMS) / 5
    vectors, targets = encoder(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten()
    expected = torch.nn.functional.cross_entropy(encoder.logits(vectors), targets)
    torch.testing.assert_close(encoder.sampled_loss(vectors, targets, torch.arange(N_ITEMS)), expected)


@torch.no_grad()
def test_each_candidate_stands_for_as_many_items_as_were_left_out(encoder: SequenceEncoder) -> None:
    vectors, targets, candidates = torch.zeros(2, SIZE), torch.tensor([0, 5]), torch.tensor([3, 5, 7])
    each = N_ITEMS / 3  # all logits are 0; the second target is a candidate, which does not count
    expected = (math.log(1 + 3 * each) + math.log(1 + 2 * each)) / 2
    assert encoder.sampled_loss(vectors, targets, candidates).item() == pytest.approx(expected, rel=1e-6)


def normalized(x: Tensor) -> Tensor:
    return (x - x.mean(dim=-1, keepdim=True)) / (x.var(dim=-1, keepdim=True, unbiased=False) + 1e-5).sqrt()


@torch.no_grad()
def test_a_block_is_attention_and_two_layers_by_hand(windows: Tensor) -> None:
    """Kang & McAuley (2018), equations 2 to 5, normalized before each part."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        encoder = SelfAttentionEncoder(N_ITEMS, SIZE, 0.3, LENGTH, n_blocks=1, n_heads=1).eval()
    block = encoder.blocks[0]
    x = encoder.items.weight[windows] + encoder.positions
    q, k, v = (normalized(x) @ block.self_attn.in_proj_weight.T + block.self_attn.in_proj_bias).chunk(3, dim=-1)
    future = torch.ones(LENGTH, LENGTH).triu(1).bool()
    shares = (q @ k.mT / math.sqrt(SIZE)).masked_fill(future, -torch.inf).softmax(dim=-1)
    torch.testing.assert_close(shares @ v, torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True))
    x = x + shares @ v @ block.self_attn.out_proj.weight.T + block.self_attn.out_proj.bias
    inner = (normalized(x) @ block.linear1.weight.T + block.linear1.bias).clamp_min(0)
    x = x + inner @ block.linear2.weight.T + block.linear2.bias
    torch.testing.assert_close(encoder(windows), normalized(x), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_a_gated_recurrent_unit_by_hand(windows: Tensor) -> None:
    """Cho et al. (2014): the state moves to a candidate as far as the update gate lets it."""
    encoder = RecurrentEncoder(N_ITEMS, SIZE, 0.3).eval()
    gru, state, states = encoder.gru, torch.zeros(4, SIZE), []
    for place in range(LENGTH):
        r_in, z_in, n_in = (encoder.items.weight[windows[:, place]] @ gru.weight_ih_l0.T + gru.bias_ih_l0).chunk(3, 1)
        r_state, z_state, n_state = (state @ gru.weight_hh_l0.T + gru.bias_hh_l0).chunk(3, 1)
        stay = (z_in + z_state).sigmoid()
        state = stay * state + (1 - stay) * (n_in + (r_in + r_state).sigmoid() * n_state).tanh()
        states.append(state)
    expected = torch.stack(states, dim=1) @ encoder.output.weight.T + encoder.output.bias
    torch.testing.assert_close(encoder(windows), expected, rtol=1e-4, atol=1e-5)
