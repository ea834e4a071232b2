# Small methods that tests of the engine call.

  def transposed(self: __torch__.K, x: Tensor) -> Tensor:
    return torch.t(x)

  def both(self: __torch__.K, x: Tensor) -> Tuple[Tensor, Tensor]:
    return (torch.neg(x), torch.mul(x, 2.))

  def parts(self: __torch__.K, x: Tensor) -> List[Tensor]:
    return [torch.select(x, 0, 0), torch.select(x, 0, 1)]

  def count(self: __torch__.K, some: List[Tensor]) -> Tensor:
    return torch.full([1], len(some), dtype=4)

  def scaled(self: __torch__.K, x: Tensor, times: float, up: bool, shift: int, name: str) -> Tensor:
    y = x
    if up:
      y = torch.add(torch.mul(x, times), float(shift + len(name)))
    return y

  def addOne(self: __torch__.K, x: Tensor) -> Tensor:
    return torch.add_(x, 1)

  def cast(self: __torch__.K, x: Tensor, dtype: int) -> Tensor:
    return torch.to(x, dtype)

  def product(self: __torch__.K, a: Tensor, b: Tensor) -> Tensor:
    return torch.matmul(a, b)

  def counts(self: __torch__.K, lists: List[List[Tensor]]) -> Tensor:
    sizes = annotate(List[Tensor], [])
    for i in range(len(lists)):
      sizes.append(torch.full([1], len(lists[i]), dtype=4))
    return torch.cat(sizes, 0)

  def countsOf(self: __torch__.K, lists: List[List[List[Tensor]]], i: int) -> Tensor:
    return (self).counts(lists[i])
