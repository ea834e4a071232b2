# Which experts a token needs, and a linear router that guesses it. Columns of h are in expert order: shared first, then E experts of m.
class K(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  # Size of each routed expert's output, M[t,e] = |E_e(z_t)|, float32 [n,E], and the sum of all outputs [n,d], the dense output.
  def masses(self: __torch__.K, h: Tensor, down: Tensor, shared: int, experts: int) -> Tuple[Tensor, Tensor]:
    m = (torch.size(h, 1) - shared) // max(experts, 1)
    y = torch.to(torch.linear(torch.narrow(h, 1, 0, shared), torch.narrow(down, 1, 0, shared)), 6)
    parts = annotate(List[Tensor], [])
    for e in range(experts):
      out = torch.to(torch.linear(torch.narrow(h, 1, shared + e * m, m), torch.narrow(down, 1, shared + e * m, m)), 6)
      parts.append(torch.linalg_vector_norm(out, 2, [1]))
      y = torch.add_(y, out)
    if len(parts) == 0:
      return (torch.zeros([torch.size(h, 0), 0]), y)
    return (torch.stack(parts, 1), y)

  # 1 for the k largest entries of each row, else 0.
  def best(self: __torch__.K, mass: Tensor, k: int) -> Tensor:
    values, ids = torch.topk(mass, k)
    return torch.scatter(torch.zeros_like(mass), 1, ids, torch.ones_like(values))

  # Ridge regression of mass [q,E] on [z,1]: returns [d+1,E], scaled to scores of standard deviation 1.
  def ridge(self: __torch__.K, z: Tensor, mass: Tensor, strength: float) -> Tensor:
    one = torch.cat([z, torch.ones_like(torch.narrow(z, 1, 0, 1))], 1)
    gram = torch.matmul(torch.t(one), one)
    diagonal = torch.diagonal(gram)
    _0 = torch.add_(diagonal, torch.mul(torch.mean(diagonal), strength))
    r = torch.linalg_solve(gram, torch.matmul(torch.t(one), mass))
    spread = torch.std(torch.matmul(one, r))
    return torch.div(r, torch.clamp_min(spread, 1e-12))

  # Adam on the logistic loss of "e is among the token's best k", each term weighted; picks [steps,batch] are token numbers.
  def logistic(self: __torch__.K, r0: Tensor, z: Tensor, target: Tensor, weight: Tensor, picks: Tensor, rate: float) -> Tensor:
    r = torch.clone(r0)
    first = torch.zeros_like(r)
    second = torch.zeros_like(r)
    decay1 = 1.
    decay2 = 1.
    for step in range(torch.size(picks, 0)):
      pick = torch.select(picks, 0, step)
      x = torch.index_select(z, 0, pick)
      x1 = torch.cat([x, torch.ones_like(torch.narrow(x, 1, 0, 1))], 1)
      error = torch.sub(torch.sigmoid(torch.matmul(x1, r)), torch.index_select(target, 0, pick))
      error = torch.mul(error, torch.index_select(weight, 0, pick))
      slope = torch.div(torch.matmul(torch.t(x1), error), float(torch.size(error, 0) * torch.size(error, 1)))
      decay1 = decay1 * 0.9
      decay2 = decay2 * 0.999
      first = torch.add(torch.mul(first, 0.9), torch.mul(slope, 0.1))
      second = torch.add(torch.mul(second, 0.999), torch.mul(torch.mul(slope, slope), 0.001))
      size = torch.add(torch.sqrt(torch.div(second, 1. - decay2)), 1e-8)
      r = torch.sub(r, torch.mul(torch.div(torch.div(first, 1. - decay1), size), rate))
    return r

  # |M - mean_e M|, scaled to mean 1: how much a wrong answer costs.
  def stakes(self: __torch__.K, mass: Tensor) -> Tensor:
    w = torch.abs(torch.sub(mass, torch.mean(mass, [1], True)))
    return torch.div(w, torch.clamp_min(torch.mean(w), 1e-12))

  # Sums over tokens, float64: mass of the chosen, of the best k, of all; chosen among the best k; and the load of each expert, [4 + E].
  def figures(self: __torch__.K, mass: Tensor, gates: Tensor, k: int) -> Tensor:
    chosen = torch.to(torch.gt(gates, 0.), 6)
    best = (self).best(mass, k)
    sums = torch.stack([torch.sum(torch.mul(mass, chosen), dtype=7), torch.sum(torch.mul(mass, best), dtype=7), torch.sum(mass, dtype=7), torch.sum(torch.mul(best, chosen), dtype=7)])
    return torch.cat([sums, torch.sum(chosen, [0], dtype=7)])

  # Rows of a list of batches as one tensor.
  def joined(self: __torch__.K, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)

  def lastColumns(self: __torch__.K, x: Tensor, first: int) -> Tensor:
    return torch.contiguous(torch.narrow(x, 1, first, torch.size(x, 1) - first))
