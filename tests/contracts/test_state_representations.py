"""What every state representation must do, and the closed form of each."""

import pytest
import torch

from drr_tutorial.representation.states import STATES, DRRAtt, DRRAve, DRRp, DRRu, StateRepresentation


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def inputs(batch: int, size: int, places: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A user, items of which the first is padding where there is more than one place, and what is present."""
    random = generator(seed)
    user, items = torch.randn(batch, size, generator=random), torch.randn(batch, places, size, generator=random)
    present = torch.ones(batch, places, dtype=torch.bool)
    present[:, 0] = places == 1
    return user, items * present[:, :, None], present


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize(("size", "places"), [(1, 1), (8, 5), (3, 20)])
class TestContract:
    def make(self, name: str, size: int, places: int) -> StateRepresentation:
        return STATES[name](size, places, generator())

    def test_shape(self, name: str, size: int, places: int) -> None:
        module = self.make(name, size, places)
        assert module(*inputs(4, size, places)).shape == (4, module.state_dim)

    def test_a_batch_is_its_rows(self, name: str, size: int, places: int) -> None:
        module, batch = self.make(name, size, places), inputs(4, size, places)
        rows = torch.cat([module(*(tensor[i : i + 1] for tensor in batch)) for i in range(4)])
        torch.testing.assert_close(module(*batch), rows)

    def test_an_empty_memory_gives_finite_numbers_and_gradients(self, name: str, size: int, places: int) -> None:
        module = self.make(name, size, places)
        user, items, present = inputs(2, size, places)
        state = module(user, torch.zeros_like(items), torch.zeros_like(present))
        state.sum().backward()
        assert state.isfinite().all()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())

    def test_one_seed_one_module(self, name: str, size: int, places: int) -> None:
        batch = inputs(2, size, places)
        torch.testing.assert_close(self.make(name, size, places)(*batch), self.make(name, size, places)(*batch))

    def test_every_parameter_is_used(self, name: str, size: int, places: int) -> None:
        module = self.make(name, size, places)
        user, items, present = inputs(64, size, places)
        everything = torch.ones_like(present)
        items = items + (~present)[:, :, None]  # a full memory
        module(user, items, everything).pow(2).sum().backward()
        if places > 1:  # with one place the attention has no choice
            assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters() if p.numel() > 1)

    def test_the_memory_matters(self, name: str, size: int, places: int) -> None:
        module = self.make(name, size, places)
        user, items, present = inputs(3, size, places)
        assert not torch.allclose(module(user, items, present), module(user, items + present[:, :, None], present))


def test_drr_ave_is_user_product_and_weighted_sum() -> None:
    module = DRRAve(2, 2, generator())
    with torch.no_grad():
        module.weights.copy_(torch.tensor([[0.5], [2.0]]))
    user, items = torch.tensor([[1.0, 2.0]]), torch.tensor([[[1.0, 0.0], [3.0, -1.0]]])
    state = module(user, items, torch.ones(1, 2, dtype=torch.bool))
    assert state.tolist() == [[1, 2, 6.5, -4, 6.5, -2]]


def test_drr_p_and_drr_u_are_singles_and_pairs() -> None:
    user, items = torch.tensor([[2.0]]), torch.tensor([[[1.0], [3.0], [5.0]]])
    present = torch.ones(1, 3, dtype=torch.bool)
    assert DRRp(1, 3, generator())(user, items, present).tolist() == [[1, 3, 5, 3, 5, 15]]
    assert DRRu(1, 3, generator())(user, items, present).tolist() == [[2, 6, 10, 3, 5, 15]]


def test_drr_att_is_a_convex_mixture_of_what_is_present() -> None:
    module = DRRAtt(4, 5, generator())
    user, items, present = inputs(50, 4, 5)
    items = items * 3
    average = module(user, items, present)[:, 8:]
    low, high = items[:, 1:].amin(dim=1), items[:, 1:].amax(dim=1)  # the first place is padding
    assert ((average >= low - 1e-5) & (average <= high + 1e-5)).all()


def test_drr_att_with_equal_logits_is_the_plain_average() -> None:
    module = DRRAtt(4, 5, generator())
    for parameter in module.parameters():
        torch.nn.init.zeros_(parameter)
    user, items, present = inputs(6, 4, 5)
    torch.testing.assert_close(module(user, items, present)[:, 8:], items[:, 1:].mean(dim=1))


def test_bad_sizes() -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 8 and 0"):
        DRRAve(8, 0, generator())
