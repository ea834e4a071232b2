# Adam with decoupled weight decay (Loshchilov and Hutter 2019) on float32 masters, and what goes before it. All but copies in place.

  def copy(self: __torch__.K, x: Tensor) -> Tensor:
    return torch.clone(x)

  def set(self: __torch__.K, x: Tensor, values: Tensor) -> Tensor:
    return torch.copy_(x, values)

  # sums += parts, one by one.
  def gather(self: __torch__.K, sums: List[Tensor], parts: List[Tensor]) -> NoneType:
    for i in range(len(sums)):
      x = torch.add_(sums[i], parts[i])
    return None

  def clear(self: __torch__.K, sums: List[Tensor]) -> NoneType:
    for i in range(len(sums)):
      x = torch.zero_(sums[i])
    return None

  # The length of all gradients taken together, float64 [1].
  def length(self: __torch__.K, gradients: List[Tensor]) -> Tensor:
    total = torch.zeros([1], dtype=7)
    for i in range(len(gradients)):
      g = torch.to(gradients[i], 7)
      total = torch.add(total, torch.to(torch.sum(torch.mul(g, g)), torch.device("cpu"), 7))
    return torch.sqrt(total)

  # One step. The gradient is multiplied with `clip` first; first and second are its moments; correction1 = 1 - beta1^t, correction2 likewise.
  def adam(self: __torch__.K, values: List[Tensor], gradients: List[Tensor], first: List[Tensor], second: List[Tensor], clip: float, rate: float, beta1: float, beta2: float, eps: float, decay: float, correction1: float, correction2: float) -> NoneType:
    for i in range(len(values)):
      g = torch.mul(gradients[i], clip)
      m = torch.add_(torch.mul_(first[i], beta1), g, alpha=1. - beta1)
      v = torch.addcmul_(torch.mul_(second[i], beta2), g, g, value=1. - beta2)
      root = torch.add(torch.sqrt(torch.div(v, correction2)), eps)
      x = torch.mul_(values[i], 1. - rate * decay)
      x = torch.addcdiv_(x, m, root, value=-rate / correction1)
    return None
