# What products are tested with.

  # include /dev/cmoe/nn/shared

  def rounded(self: __torch__.K, x: Tensor, dtype: int) -> Tensor:
    return torch.to(torch.to(x, dtype), 6)

  # x w' in a type, x [...,k]: float32, each row in a row of the result.
  def product(self: __torch__.K, x: Tensor, w: Tensor, dtype: int) -> Tensor:
    y = (self).times(torch.to(x, dtype), torch.to(w, dtype))
    return torch.to(torch.reshape(y, [torch.numel(y) // torch.size(w, 0), torch.size(w, 0)]), 6)

  # Axes of x w' and how far apart their elements lie.
  def layout(self: __torch__.K, x: Tensor, w: Tensor) -> Tensor:
    y = (self).times(x, w)
    return torch.tensor([torch.size(y), torch.stride(y)])

  # The gradient at x, in a type, of the sum of x w': float32.
  def gradient(self: __torch__.K, x: Tensor, w: Tensor, dtype: int) -> Tensor:
    leaf = torch.requires_grad_(torch.detach(torch.to(x, dtype)))
    y = torch.sum((self).times(leaf, torch.to(w, dtype)))
    found = torch.grad([y], [leaf], None, None, False, True)
    each = found[0]
    result = torch.zeros_like(torch.detach(leaf))
    if torch.__isnot__(each, None):
      result = unchecked_cast(Tensor, each)
    return torch.to(torch.detach(result), 6)
