# What layers see in the forward pass, for the backward pass: inputs [L,B,T,d].

  # Those of a layer for the first `count` sequences, [count,T,d]; shares the memory.
  def part(self: __torch__.K, inputs: Tensor, layer: int, count: int) -> Tensor:
    return torch.narrow(torch.select(inputs, 0, layer), 0, 0, count)

  def set(self: __torch__.K, place: Tensor, x: Tensor) -> Tensor:
    return torch.copy_(place, x)
