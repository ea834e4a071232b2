package dev.cmoe.eval;

/**
 * How far a model's predictions are from those of the dense model, on the same tokens.
 *
 * @param klDivergence mean KL(dense ‖ model) in nats a token
 * @param top1Agreement share of tokens whose most likely next token is the same
 */
public record Divergence(double klDivergence, double top1Agreement) {}
