class K(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def twice(self: __torch__.K, x: Tensor) -> Tensor:
    return torch.no_such_operator(x)
