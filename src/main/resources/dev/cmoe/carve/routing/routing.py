# Which experts a token needs, and a linear router that guesses it. Columns of h are in expert order: shared first, then E experts of m.
# A router is r [d+1,E], its bias in the last row; z1 is z with a column of ones, or of zeros (`one` 0) where the router shall have no bias:
# then nothing moves the last row of r from 0.

  # Size of each routed expert's output, M[t,e] = |E_e(z_t)|, float32 [n,E]; the sum of all outputs, which is the dense output [n,d]; and
  # for the first `rows` tokens the inner products of the routed outputs [rows,E,E]. gates: none or [n,E]; with
  # them also the sum of the gated outputs [n,d], the carved output, at no further product.
  def outputs(self: __torch__.K, h: Tensor, down: Tensor, shared: int, experts: int, rows: int, gates: List[Tensor]) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
    m = (torch.size(h, 1) - shared) // max(experts, 1)
    y = torch.to(torch.linear(torch.narrow(h, 1, 0, shared), torch.narrow(down, 1, 0, shared)), 6)
    carved = torch.zeros([0])
    if len(gates) > 0:
      carved = torch.clone(y)
    parts = annotate(List[Tensor], [])
    sizes = annotate(List[Tensor], [])
    for e in range(experts):
      out = torch.to(torch.linear(torch.narrow(h, 1, shared + e * m, m), torch.narrow(down, 1, shared + e * m, m)), 6)
      sizes.append(torch.linalg_vector_norm(out, 2, [1]))
      if rows > 0:
        parts.append(torch.narrow(out, 0, 0, rows))
      if len(gates) > 0:
        carved = torch.addcmul_(carved, out, torch.narrow(gates[0], 1, e, 1))
      y = torch.add_(y, out)
    products = torch.zeros([0, experts, experts])
    if rows > 0:
      chunk = max(1, 8388608 // (experts * torch.size(y, 1)))
      grams = annotate(List[Tensor], [])
      for i in range((rows + chunk - 1) // chunk):
        some = annotate(List[Tensor], [])
        for part in parts:
          some.append(torch.narrow(part, 0, i * chunk, min(chunk, rows - i * chunk)))
        u = torch.stack(some, 1)
        grams.append(torch.bmm(u, torch.transpose(u, 1, 2)))
      products = torch.cat(grams, 0)
    if experts == 0:
      return (torch.zeros([torch.size(h, 0), 0]), y, products, carved)
    return (torch.stack(sizes, 1), y, products, carved)

  # 1 for the k largest entries of each row, else 0.
  def best(self: __torch__.K, mass: Tensor, k: int) -> Tensor:
    values, ids = torch.topk(mass, k)
    return torch.scatter(torch.zeros_like(mass), 1, ids, torch.ones_like(values))

  def withOne(self: __torch__.K, z: Tensor, one: float) -> Tensor:
    return torch.cat([z, torch.mul(torch.ones_like(torch.narrow(z, 1, 0, 1)), one)], 1)

  # Cholesky factor of z1'z1 + strength * mean(diag) I, [d+1,d+1].
  def factor(self: __torch__.K, z: Tensor, strength: float, one: float) -> Tensor:
    z1 = (self).withOne(z, one)
    gram = torch.matmul(torch.t(z1), z1)
    diagonal = torch.diagonal(gram)
    _0 = torch.add_(diagonal, torch.mul(torch.mean(diagonal), strength))
    return torch.linalg_cholesky(gram)

  # Energy of each expert, sum of c^2 over its neurons: squares [n,q], member [E,n] 0/1 -> [q,E]. And the mask that a linear router fitted
  # to it by ridge regression chooses, [q,E], with the energy that this captures, float64 [1].
  def round(self: __torch__.K, squares: Tensor, member: Tensor, z: Tensor, factor: Tensor, k: int, one: float) -> Tuple[Tensor, Tensor]:
    energy = torch.t(torch.matmul(member, squares))
    z1 = (self).withOne(z, one)
    r = torch.cholesky_solve(torch.matmul(torch.t(z1), energy), factor)
    mask = (self).best(torch.matmul(z1, r), k)
    return (mask, torch.reshape(torch.sum(torch.mul(energy, mask), dtype=7), [1]))

  # Ridge regression of mass [q,E] on z1, scaled to scores of standard deviation 1.
  def start(self: __torch__.K, z: Tensor, mass: Tensor, factor: Tensor, one: float) -> Tensor:
    z1 = (self).withOne(z, one)
    r = torch.cholesky_solve(torch.matmul(torch.t(z1), mass), factor)
    return torch.div(r, torch.clamp_min(torch.std(torch.matmul(z1, r)), 1e-12))

  # Standard deviation of all scores z1 r, float64 [1].
  def spread(self: __torch__.K, r: Tensor, z: Tensor, one: float) -> Tensor:
    return torch.reshape(torch.std(torch.to(torch.matmul((self).withOne(z, one), r), 7)), [1])

  # p = sigmoid(s - theta) with theta, for each row, such that the row sums to k: bisection.
  def soft(self: __torch__.K, s: Tensor, k: int) -> Tensor:
    low = torch.sub(torch.amin(s, [1], True), 10.)
    high = torch.add(torch.amax(s, [1], True), 10.)
    for i in range(25):
      middle = torch.mul(torch.add(low, high), 0.5)
      over = torch.gt(torch.sum(torch.sigmoid(torch.sub(s, middle)), [1], True), float(k))
      low = torch.where(over, middle, low)
      high = torch.where(over, high, middle)
    return torch.sigmoid(torch.sub(s, torch.mul(torch.add(low, high), 0.5)))

  # Adam on the expected squared norm of what is left out, when expert e runs with probability p_e: with A the products of a token's expert
  # outputs, E|sum_e (1-a_e) E_e|^2 = const + lin.p + p'(A - diag A)p. p is a soft top-k of the scores, so a hard choice is not needed to
  # get a gradient, and the gradient is exact. Tokens are shuffled once by `order`; a step takes `batch` neighbours from one of `starts`, so
  # that no rows are gathered. The rate falls linearly to 0.
  def expected(self: __torch__.K, r0: Tensor, z: Tensor, products: Tensor, order: Tensor, starts: List[int], batch: int, k: int, rate: float, one: float) -> Tensor:
    scale = torch.clamp_min(torch.mean(torch.sum(products, [1, 2])), 1e-30)
    diagonal = torch.diagonal(products, 0, 1, 2)
    lin = torch.index_select(torch.div(torch.sub(diagonal, torch.mul(torch.sum(products, [2]), 2.)), scale), 0, order)
    off = torch.index_select(torch.div(torch.sub(products, torch.diag_embed(diagonal)), scale), 0, order)
    steps = len(starts)
    rows = (self).withOne(torch.index_select(z, 0, order), one)
    r = torch.clone(r0)
    first = torch.zeros_like(r)
    second = torch.zeros_like(r)
    decay1 = 1.
    decay2 = 1.
    for step in range(steps):
      z1 = torch.narrow(rows, 0, starts[step], batch)
      p = (self).soft(torch.matmul(z1, r), k)
      slope = torch.add(torch.narrow(lin, 0, starts[step], batch), torch.mul(torch.squeeze(torch.bmm(torch.narrow(off, 0, starts[step], batch), torch.unsqueeze(p, 2)), 2), 2.))
      w = torch.mul(p, torch.rsub(p, 1.))
      along = torch.div(torch.sum(torch.mul(w, slope), [1], True), torch.clamp_min(torch.sum(w, [1], True), 1e-9))
      g = torch.div(torch.matmul(torch.t(z1), torch.mul(w, torch.sub(slope, along))), float(batch))
      decay1 = decay1 * 0.9
      decay2 = decay2 * 0.99
      first = torch.add(torch.mul(first, 0.9), torch.mul(g, 0.1))
      second = torch.add(torch.mul(second, 0.99), torch.mul(torch.mul(g, g), 0.01))
      size = torch.add(torch.sqrt(torch.div(second, 1. - decay2)), 1e-10)
      now = rate * (1. - float(step) / float(steps))
      r = torch.sub(r, torch.mul(torch.div(torch.div(first, 1. - decay1), size), now))
    return r

  # Sums over tokens, float64: mass of the chosen, of the best k, of all; chosen among the best k; and the load of each expert, [4 + E].
  def figures(self: __torch__.K, mass: Tensor, gates: Tensor, k: int) -> Tensor:
    chosen = torch.to(torch.gt(gates, 0.), 6)
    best = (self).best(mass, k)
    sums = torch.stack([torch.sum(torch.mul(mass, chosen), dtype=7), torch.sum(torch.mul(mass, best), dtype=7), torch.sum(mass, dtype=7), torch.sum(torch.mul(best, chosen), dtype=7)])
    return torch.cat([sums, torch.sum(chosen, [0], dtype=7)])

  # Rows of a list of batches as one tensor.
  def joined(self: __torch__.K, parts: List[Tensor]) -> Tensor:
    return torch.cat(parts, 0)

  # The first count[i] rows of each batch as one tensor.
  def firstRows(self: __torch__.K, parts: List[Tensor], count: List[int]) -> Tensor:
    some = annotate(List[Tensor], [])
    for i in range(len(parts)):
      some.append(torch.narrow(parts[i], 0, 0, count[i]))
    return torch.cat(some, 0)
