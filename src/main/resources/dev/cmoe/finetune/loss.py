# The end of a decoder in training: losses and their gradient at the last hidden states, without a tensor of all positions and words. x [n,d]
# is float32 (or float64, in tests); targets [n] int64, -1 where nothing is predicted. `slab` words go through at a time; with more than
# that the logits are computed twice instead of kept.

  # include /dev/cmoe/nn/shared

  # A matrix [rows,count] in the first elements of `space`.
  def matrix(self: __torch__.K, space: Tensor, rows: int, count: int) -> Tensor:
    return torch.view(torch.narrow(space, 0, 0, rows * count), [rows, count])

  # How many rows of `count` words stay in the cache of a core from one operation to the next.
  def together(self: __torch__.K, count: int) -> int:
    return max(1, 131072 // count)

  # Room for logits of so many rows and words: what is as large lies here for the whole call, since the next buffer as large often fits
  # none of the gaps that such ones leave.
  def space(self: __torch__.K, like: Tensor, rows: int, count: int) -> Tensor:
    return torch.empty([rows * count], dtype=ops.prim.dtype(like), device=ops.prim.device(like))

  # Logits [n,count], in `space`, of words [first, first+count) for normed rows z in the compute type. bias: none or [V]; cap 0: none.
  def logits(self: __torch__.K, space: Tensor, z: Tensor, head: Tensor, bias: List[Tensor], cap: float, first: int, count: int) -> Tensor:
    y = (self).matrix(space, torch.size(z, 0), count)
    piece = torch.to(torch.narrow(head, 0, first, count), ops.prim.dtype(z))
    if ops.prim.dtype(z) == ops.prim.dtype(space):
      y = torch.mm(z, torch.t(piece), out=y)
    else:
      y = torch.copy_(y, (self).times(z, piece))
    if len(bias) > 0:
      y = torch.add_(y, torch.narrow(bias[0], 0, first, count))
    if cap > 0.:
      y = torch.mul_(torch.tanh_(torch.div_(y, cap)), cap)
    return y

  # Log of the sum of e^(l / temperature) over words, [n,1]; w, as large as l, is written over.
  def logsum(self: __torch__.K, l: Tensor, w: Tensor, temperature: float) -> Tensor:
    v = l
    if temperature != 1.:
      v = torch.div(l, temperature, out=w)
    top = torch.amax(v, [1], True)
    return torch.add(torch.log(torch.sum(torch.exp_(torch.sub(v, top, out=w)), [1], True)), top)

  # Adds these words' sum to the logs of sums so far, [n,1], in place.
  def counted(self: __torch__.K, sums: Tensor, l: Tensor, w: Tensor, temperature: float) -> Tensor:
    return torch.copy_(sums, torch.logaddexp(sums, (self).logsum(l, w, temperature)))

  # Which targets lie in words [first, first+count), as 1 and 0 of the type of `like`, and their places there, 0 for the others, [n,1].
  def inside(self: __torch__.K, targets: Tensor, first: int, count: int, like: Tensor) -> Tuple[Tensor, Tensor]:
    place = torch.unsqueeze(torch.sub(targets, first), 1)
    here = torch.logical_and(torch.ge(place, 0), torch.lt(place, count))
    return (torch.to(here, ops.prim.dtype(like)), torch.mul(place, torch.to(here, 4)))

  # Negative log-likelihood in nats of each target, float64 [n]; 0 where nothing is predicted.
  def surprise(self: __torch__.K, x: Tensor, targets: Tensor, norm: List[Tensor], eps: float, head: Tensor, bias: List[Tensor], cap: float, slab: int, dtype: int) -> Tensor:
    z = torch.to((self).normed(x, norm, eps), dtype)
    n = torch.size(x, 0)
    words = torch.size(head, 0)
    width = min(slab, words)
    step = (self).together(width)
    space = (self).space(x, n, width)
    spare = (self).space(x, min(n, step), width)
    all = torch.full([n, 1], -inf, dtype=ops.prim.dtype(x), device=ops.prim.device(x))
    chosen = torch.zeros_like(all)
    for i in range((words + slab - 1) // slab):
      first = i * slab
      count = min(slab, words - first)
      logits = (self).logits(space, z, head, bias, cap, first, count)
      here, place, = (self).inside(targets, first, count, x)
      chosen = torch.add_(chosen, torch.mul(torch.gather(logits, 1, place), here))
      for j in range((n + step - 1) // step):
        rows = min(step, n - j * step)
        done = (self).counted(torch.narrow(all, 0, j * step, rows), torch.narrow(logits, 0, j * step, rows), (self).matrix(spare, rows, count), 1.)
    return torch.mul(torch.to(torch.squeeze(torch.sub(all, chosen), 1), 7), torch.to(torch.ge(targets, 0), 7))

  # Turns logits l [n,w] of some words into the loss's gradient there, in place, but for the target's own part. all, soft, taught [n,1]:
  # logs of sums over all words of e^l, e^(l/T), e^(t/T). t: none, or the teacher's logits, which are used up. w: as large, written over.
  # What these words add to KL, [n], 0 without a teacher. At T = 1 the softmax is the same for both parts of the loss.
  def slopes(self: __torch__.K, l: Tensor, t: List[Tensor], w: Tensor, all: Tensor, soft: Tensor, taught: List[Tensor], cap: float, temperature: float, mix: float) -> Tensor:
    bend = annotate(List[Tensor], [])
    if cap > 0.:
      bend.append(torch.rsub(torch.square(torch.div(l, cap)), 1.))
    if len(t) == 0:
      g = torch.exp_(torch.sub_(l, all))
      rows = torch.zeros([torch.size(l, 0)], dtype=7, device=ops.prim.device(l))
    else:
      if temperature == 1.:
        a = torch.sub_(t[0], taught[0])
        b = torch.sub_(l, all)
        apart = torch.sub(a, b, out=w)
        p = torch.exp_(a)
        g = torch.add_(torch.exp_(b), p, alpha=-mix)
      else:
        a = torch.sub_(torch.div_(t[0], temperature), taught[0])
        b = torch.sub_(torch.div(l, temperature, out=w), soft)
        apart = torch.sub(a, b)
        p = torch.exp_(a)
        g = torch.mul_(torch.exp_(torch.sub_(l, all)), 1. - mix)
        g = torch.add_(g, torch.sub_(torch.exp_(b), p), alpha=mix * temperature)
      rows = torch.to(torch.sum(torch.mul_(apart, p), [1]), 7)
    if cap > 0.:
      g = torch.mul_(g, bend[0])
    return rows

  # Of the sum over predicted positions of `unit` times
  #   (1 - mix) cross-entropy + mix T^2 KL(teacher at temperature T || student at temperature T):
  # its gradient at x [n,d], and float64 [2]: the sums of cross-entropy and of KL, nats. teacher: none, or its hidden states [n,d'], normed.
  def gradient(self: __torch__.K, x: Tensor, targets: Tensor, norm: List[Tensor], eps: float, head: Tensor, bias: List[Tensor], cap: float, teacher: List[Tensor], teacherHead: List[Tensor], teacherBias: List[Tensor], teacherCap: float, temperature: float, mix: float, unit: float, slab: int, dtype: int) -> List[Tensor]:
    wide = ops.prim.dtype(x)
    leaf = torch.requires_grad_(torch.detach(x))
    normed = (self).normed(leaf, norm, eps)
    z = torch.to(torch.detach(normed), dtype)
    n = torch.size(x, 0)
    words = torch.size(head, 0)
    slabs = (words + slab - 1) // slab
    width = min(slab, words)
    step = (self).together(width)
    tiles = (n + step - 1) // step
    space = (self).space(x, n, width)
    spare = (self).space(x, min(n, step), width)
    all = torch.full([n, 1], -inf, dtype=wide, device=ops.prim.device(x))
    chosen = torch.zeros_like(all)
    soft = all
    if len(teacher) > 0 and temperature != 1.:
      soft = torch.clone(all)
    taughtSpace = annotate(List[Tensor], [])
    taught = annotate(List[Tensor], [])
    if len(teacher) > 0:
      taughtSpace.append((self).space(x, n, width))
      taught.append(torch.clone(all))
    logits = space
    hints = annotate(List[Tensor], [])
    for i in range(slabs):
      first = i * slab
      count = min(slab, words - first)
      logits = (self).logits(space, z, head, bias, cap, first, count)
      here, place, = (self).inside(targets, first, count, x)
      chosen = torch.add_(chosen, torch.mul(torch.gather(logits, 1, place), here))
      hints = annotate(List[Tensor], [])
      if len(teacher) > 0:
        hints.append((self).logits(taughtSpace[0], teacher[0], teacherHead[0], teacherBias, teacherCap, first, count))
      for j in range(tiles):
        start = j * step
        rows = min(step, n - start)
        l = torch.narrow(logits, 0, start, rows)
        w = (self).matrix(spare, rows, count)
        done = (self).counted(torch.narrow(all, 0, start, rows), l, w, 1.)
        if len(teacher) > 0:
          done = (self).counted(torch.narrow(taught[0], 0, start, rows), torch.narrow(hints[0], 0, start, rows), w, temperature)
          if temperature != 1.:
            done = (self).counted(torch.narrow(soft, 0, start, rows), l, w, temperature)
    live = torch.ge(targets, 0)
    entropy = torch.sum(torch.mul(torch.to(torch.squeeze(torch.sub(all, chosen), 1), 7), torch.to(live, 7)))
    apart = torch.zeros([n], dtype=7, device=ops.prim.device(x))
    back = torch.zeros_like(torch.detach(normed))
    for i in range(slabs):
      first = i * slab
      count = min(slab, words - first)
      if slabs > 1:
        logits = (self).logits(space, z, head, bias, cap, first, count)
        if len(teacher) > 0:
          hints[0] = (self).logits(taughtSpace[0], teacher[0], teacherHead[0], teacherBias, teacherCap, first, count)
      here, place, = (self).inside(targets, first, count, x)
      own = torch.mul(here, mix - 1.)
      if cap > 0.:
        own = torch.mul(own, torch.rsub(torch.square(torch.div(torch.gather(logits, 1, place), cap)), 1.))
      for j in range(tiles):
        start = j * step
        rows = min(step, n - start)
        t = annotate(List[Tensor], [])
        sums = annotate(List[Tensor], [])
        if len(teacher) > 0:
          t.append(torch.narrow(hints[0], 0, start, rows))
          sums.append(torch.narrow(taught[0], 0, start, rows))
        more = (self).slopes(torch.narrow(logits, 0, start, rows), t, (self).matrix(spare, rows, count), torch.narrow(all, 0, start, rows), torch.narrow(soft, 0, start, rows), sums, cap, temperature, mix)
        done = torch.add_(torch.narrow(apart, 0, start, rows), more)
      g = torch.scatter_add_(logits, 1, place, own)
      piece = torch.to(torch.narrow(head, 0, first, count), dtype)
      if dtype == wide:
        back = torch.addmm_(back, g, piece)
      else:
        back = torch.add_(back, torch.to(torch.matmul(torch.to(g, dtype), piece), wide))
    divergence = torch.sum(torch.mul(apart, torch.to(live, 7)))
    back = torch.mul_(back, torch.unsqueeze(torch.mul(torch.to(live, wide), unit), 1))
    if len(norm) > 0:
      given = annotate(List[Optional[Tensor]], [back])
      found = torch.grad([normed], [leaf], given, None, False, True)
      each = found[0]
      if torch.__isnot__(each, None):
        back = unchecked_cast(Tensor, each)
    return [torch.detach(back), torch.stack([entropy, divergence], 0)]

  # Rows [n,d] of a teacher's last hidden states, normed, in the compute type.
  def taught(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float, dtype: int) -> Tensor:
    return torch.to((self).normed(x, norm, eps), dtype)

  # The gradients of chunks of rows as that at x.
  def joined(self: __torch__.K, parts: List[Tensor], x: Tensor) -> Tensor:
    return torch.reshape(torch.cat(parts, 0), torch.size(x))
