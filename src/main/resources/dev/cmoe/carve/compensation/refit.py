# The down-projection fitted to what actually runs: W = W0 + (Z'Z + s I)^-1 Z'(Y - Z W0), all float32.
# Z [n,f] is h with the experts that did not run zeroed, Y [n,d] the dense output, W0 [d,f].

  # gram [f,f] += Z'Z, only blocks on and above the diagonal (the product is symmetric); cross [f,d] += Z'Y.
  def accumulate(self: __torch__.K, gram: Tensor, cross: Tensor, z: Tensor, y: Tensor) -> Tensor:
    x = torch.to(z, 6)
    f = torch.size(x, 1)
    block = max(512, (f + 7) // 8)
    count = (f + block - 1) // block
    for i in range(count):
      width = min(block, f - i * block)
      left = torch.t(torch.narrow(x, 1, i * block, width))
      right = torch.narrow(x, 1, i * block, f - i * block)
      place = torch.narrow(torch.narrow(gram, 0, i * block, width), 1, i * block, f - i * block)
      _0 = torch.addmm_(place, left, right)
    _1 = torch.addmm_(cross, torch.t(x), y)
    return gram

  # The whole matrix from its upper blocks.
  def whole(self: __torch__.K, gram: Tensor) -> Tensor:
    return torch.add(torch.triu(gram), torch.t(torch.triu(gram, 1)))

  # The normal equations: Z'Z and Z'(Y - Z W0) = Z'Y - (Z'Z) W0', the latter in place of cross.
  def finish(self: __torch__.K, gram: Tensor, cross: Tensor, w0: Tensor) -> Tensor:
    whole = (self).whole(gram)
    _0 = torch.addmm_(cross, whole, torch.t(w0), beta=1, alpha=-1)
    return whole

  # The same for some output columns, leaving gram and cross as they are.
  def probe(self: __torch__.K, gram: Tensor, cross: Tensor, w0: Tensor, columns: Tensor) -> Tuple[Tensor, Tensor]:
    whole = (self).whole(gram)
    some = torch.index_select(cross, 1, columns)
    _0 = torch.addmm_(some, whole, torch.t(torch.index_select(w0, 0, columns)), beta=1, alpha=-1)
    return (whole, some)

  # X [f,c] = (gram + strength * mean(diag) I)^-1 cross, and 0 when the factorisation succeeded, int64 [1].
  def solve(self: __torch__.K, gram: Tensor, cross: Tensor, strength: float) -> Tuple[Tensor, Tensor]:
    diagonal = torch.diagonal(gram)
    plain = torch.clone(diagonal)
    # The floor is for a block whose neurons are all silent: it has nothing to fit, and X is 0.
    _0 = torch.add_(diagonal, torch.clamp_min(torch.mul(torch.mean(plain), strength), 1e-30))
    factor, info = torch.linalg_cholesky_ex(gram)
    _1 = torch.copy_(diagonal, plain)
    return (torch.cholesky_solve(cross, factor), torch.to(torch.reshape(info, [1]), 4))

  # |R - Z X|^2 summed over tokens, float64 [1], for the residual R = Y - Z W0 on some output columns.
  def heldOut(self: __torch__.K, z: Tensor, y: Tensor, w0: Tensor, x: Tensor, columns: Tensor) -> Tensor:
    w = torch.add(torch.index_select(w0, 0, columns), torch.t(x))
    e = torch.sub(torch.index_select(y, 1, columns), torch.linear(torch.to(z, 6), w))
    return torch.reshape(torch.sum(torch.mul(e, e), dtype=7), [1])

  def added(self: __torch__.K, w0: Tensor, x: Tensor) -> Tensor:
    return torch.add(w0, torch.t(x))

  def part(self: __torch__.K, x: Tensor, first: int, count: int) -> Tensor:
    return torch.narrow(x, 0, first, count)
