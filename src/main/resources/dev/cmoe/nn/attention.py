# Causal self-attention with rotary positions and shared key-value heads, residual included.
# The residual stream x is float32; projections and attention run in the compute type.
class K(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool

  def project(self: __torch__.K, z: Tensor, weight: Tensor, bias: List[Tensor], i: int) -> Tensor:
    if len(bias) > 0:
      y = torch.linear(z, weight, bias[i])
    else:
      y = torch.linear(z, weight)
    return y

  # x [B,T,heads*D] -> [B,heads,T,D], turned by the angles in cos and sin [T,D].
  def rotated(self: __torch__.K, x: Tensor, heads: int, cos: Tensor, sin: Tensor, dtype: int) -> Tensor:
    width = torch.size(cos, 1)
    y = torch.to(torch.transpose(torch.view(x, [torch.size(x, 0), torch.size(x, 1), heads, width]), 1, 2), 6)
    low = torch.narrow(y, 3, 0, width // 2)
    high = torch.narrow(y, 3, width // 2, width // 2)
    turned = torch.cat([torch.neg(high), low], 3)
    return torch.to(torch.add(torch.mul(y, cos), torch.mul(turned, sin)), dtype)

  # x [B,T,d]; norm [d]; projections q,k,v,o; bias: none or four; cos, sin [T,D]. Returns x + attention [B,T,d].
  def forward(self: __torch__.K, x: Tensor, norm: Tensor, eps: float, weights: List[Tensor], bias: List[Tensor], cos: Tensor, sin: Tensor, heads: int, shared: int, dtype: int) -> Tensor:
    scale = torch.rsqrt(torch.add(torch.mean(torch.mul(x, x), [2], True), eps))
    z = torch.to(torch.mul(norm, torch.mul(x, scale)), dtype)
    width = torch.size(cos, 1)
    q = (self).rotated((self).project(z, weights[0], bias, 0), heads, cos, sin, dtype)
    k = (self).rotated((self).project(z, weights[1], bias, 1), shared, cos, sin, dtype)
    v0 = (self).project(z, weights[2], bias, 2)
    v = torch.transpose(torch.view(v0, [torch.size(x, 0), torch.size(x, 1), shared, width]), 1, 2)
    if heads != shared:
      k = torch.repeat_interleave(k, heads // shared, 1)
      v = torch.repeat_interleave(v, heads // shared, 1)
    mixed = torch.scaled_dot_product_attention(q, k, v, None, 0., True)
    joined = torch.reshape(torch.transpose(mixed, 1, 2), [torch.size(x, 0), torch.size(x, 1), heads * width])
    return torch.add(x, torch.to((self).project(joined, weights[3], bias, 3), 6))
