# What tests in float64 need.

  def to(self: __torch__.K, x: Tensor, dtype: int) -> Tensor:
    return torch.to(x, dtype)

  # The sum of a b, float64 [1].
  def dot(self: __torch__.K, a: Tensor, b: Tensor) -> Tensor:
    return torch.reshape(torch.sum(torch.mul(torch.to(a, 7), torch.to(b, 7))), [1])

  # x with `step` added to its element `place`, row-major.
  def moved(self: __torch__.K, x: Tensor, place: int, step: float) -> Tensor:
    flat = torch.clone(torch.reshape(x, [torch.numel(x)]))
    y = torch.add_(torch.narrow(flat, 0, place, 1), step)
    return torch.reshape(flat, torch.size(x))
