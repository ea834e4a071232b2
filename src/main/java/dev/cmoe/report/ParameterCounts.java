package dev.cmoe.report;

/**
 * Numbers of parameters.
 *
 * @param total in the carved model, tied tensors once, padding included
 * @param active used for one token
 * @param dense in the dense model
 * @param stored elements in the written files; null where not counted
 */
public record ParameterCounts(long total, long active, long dense, Long stored) {

  /** The same model in files with so many elements. */
  ParameterCounts storing(long elements) {
    return new ParameterCounts(total, active, dense, elements);
  }
}
