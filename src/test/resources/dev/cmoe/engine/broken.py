
  def twice(self: __torch__.K, x: Tensor) -> Tensor:
    return torch.no_such_operator(x)
