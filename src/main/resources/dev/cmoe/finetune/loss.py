# The end of a decoder in training: losses and their gradient at the last hidden states, without a tensor of all positions and words. x [n,d]
# is float32 (or float64, in tests); targets [n] int64, -1 where nothing is predicted. `slab` words go through at a time; with more than
# that the logits are computed twice instead of kept.

  # include /dev/cmoe/nn/shared

  # Logits [n,w] of words [first, first+w) for normed rows z in the compute type. bias: none or [V]; cap 0: none.
  def logits(self: __torch__.K, z: Tensor, head: Tensor, bias: List[Tensor], cap: float, first: int, count: int, wide: int) -> Tensor:
    y = torch.to((self).times(z, torch.to(torch.narrow(head, 0, first, count), ops.prim.dtype(z))), wide)
    if len(bias) > 0:
      y = torch.add(y, torch.narrow(bias[0], 0, first, count))
    if cap > 0.:
      y = torch.mul(torch.tanh(torch.div(y, cap)), cap)
    return y

  # Which targets lie in words [first, first+count), bool [n], and their places there, 0 for the others, [n,1].
  def inside(self: __torch__.K, targets: Tensor, first: int, count: int) -> Tuple[Tensor, Tensor]:
    place = torch.sub(targets, first)
    here = torch.logical_and(torch.ge(place, 0), torch.lt(place, count))
    return (here, torch.unsqueeze(torch.mul(place, torch.to(here, 4)), 1))

  # Negative log-likelihood in nats of each target, float64 [n]; 0 where nothing is predicted.
  def surprise(self: __torch__.K, x: Tensor, targets: Tensor, norm: List[Tensor], eps: float, head: Tensor, bias: List[Tensor], cap: float, slab: int, dtype: int) -> Tensor:
    wide = ops.prim.dtype(x)
    z = torch.to((self).normed(x, norm, eps), dtype)
    words = torch.size(head, 0)
    all = torch.full([torch.size(x, 0)], -inf, dtype=wide, device=ops.prim.device(x))
    chosen = torch.zeros_like(all)
    for i in range((words + slab - 1) // slab):
      first = i * slab
      count = min(slab, words - first)
      l = (self).logits(z, head, bias, cap, first, count, wide)
      all = torch.logaddexp(all, torch.logsumexp(l, [1]))
      here, place, = (self).inside(targets, first, count)
      chosen = torch.add(chosen, torch.mul(torch.squeeze(torch.gather(l, 1, place), 1), torch.to(here, wide)))
    return torch.mul(torch.to(torch.sub(all, chosen), 7), torch.to(torch.ge(targets, 0), 7))

  # Of the sum over predicted positions of `unit` times
  #   (1 - mix) cross-entropy + mix T^2 KL(teacher at temperature T || student at temperature T):
  # its gradient at x [n,d], and float64 [2]: the sums of cross-entropy and of KL, nats. teacher: none, or its hidden states [n,d'], normed.
  def gradient(self: __torch__.K, x: Tensor, targets: Tensor, norm: List[Tensor], eps: float, head: Tensor, bias: List[Tensor], cap: float, teacher: List[Tensor], teacherHead: List[Tensor], teacherBias: List[Tensor], teacherCap: float, temperature: float, mix: float, unit: float, slab: int, dtype: int) -> List[Tensor]:
    wide = ops.prim.dtype(x)
    leaf = torch.requires_grad_(torch.detach(x))
    normed = (self).normed(leaf, norm, eps)
    z = torch.to(torch.detach(normed), dtype)
    words = torch.size(head, 0)
    slabs = (words + slab - 1) // slab
    live = torch.to(torch.ge(targets, 0), wide)
    all = torch.full([torch.size(x, 0)], -inf, dtype=wide, device=ops.prim.device(x))
    soft = all
    taught = all
    chosen = torch.zeros_like(all)
    kept = annotate(List[Tensor], [])
    keptTaught = annotate(List[Tensor], [])
    for i in range(slabs):
      first = i * slab
      count = min(slab, words - first)
      l = (self).logits(z, head, bias, cap, first, count, wide)
      all = torch.logaddexp(all, torch.logsumexp(l, [1]))
      here, place, = (self).inside(targets, first, count)
      chosen = torch.add(chosen, torch.mul(torch.squeeze(torch.gather(l, 1, place), 1), torch.to(here, wide)))
      if slabs == 1:
        kept.append(l)
      if len(teacher) > 0:
        t = (self).logits(teacher[0], teacherHead[0], teacherBias, teacherCap, first, count, wide)
        soft = torch.logaddexp(soft, torch.logsumexp(torch.div(l, temperature), [1]))
        taught = torch.logaddexp(taught, torch.logsumexp(torch.div(t, temperature), [1]))
        if slabs == 1:
          keptTaught.append(t)
    entropy = torch.sum(torch.mul(torch.to(torch.sub(all, chosen), 7), torch.to(live, 7)))
    divergence = torch.zeros_like(entropy)
    back = torch.zeros_like(torch.detach(normed))
    for i in range(slabs):
      first = i * slab
      count = min(slab, words - first)
      if slabs == 1:
        l = kept[0]
      else:
        l = (self).logits(z, head, bias, cap, first, count, wide)
      here, place, = (self).inside(targets, first, count)
      # Nothing is recorded from here on, and no tensor of positions by words is needed twice: what can is done in place.
      g = torch.exp_(torch.sub(l, torch.unsqueeze(all, 1)))
      g = torch.scatter_add_(g, 1, place, torch.unsqueeze(torch.neg(torch.to(here, wide)), 1))
      slope = annotate(List[Tensor], [])
      if cap > 0.:
        slope.append(torch.rsub(torch.square(torch.div(l, cap)), 1.))
      if len(teacher) > 0:
        if slabs == 1:
          t = keptTaught[0]
        else:
          t = (self).logits(teacher[0], teacherHead[0], teacherBias, teacherCap, first, count, wide)
        a = torch.sub_(torch.div_(t, temperature), torch.unsqueeze(taught, 1))
        b = torch.sub_(torch.div_(l, temperature), torch.unsqueeze(soft, 1))
        p = torch.exp(a)
        rows = torch.to(torch.sum(torch.mul_(torch.sub_(a, b), p), [1]), 7)
        divergence = torch.add(divergence, torch.sum(torch.mul(rows, torch.to(live, 7))))
        g = torch.add_(torch.mul_(g, 1. - mix), torch.sub_(torch.exp_(b), p), alpha=mix * temperature)
      if cap > 0.:
        g = torch.mul_(g, slope[0])
      g = torch.mul_(g, torch.unsqueeze(torch.mul(live, unit), 1))
      piece = torch.to(torch.narrow(head, 0, first, count), dtype)
      back = torch.add(back, torch.to(torch.matmul(torch.to(g, dtype), piece), wide))
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
