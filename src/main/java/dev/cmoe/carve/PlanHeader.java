package dev.cmoe.carve;

import dev.cmoe.arch.RouterKind;

/**
 * What a plan is for. A plan fits a model of the same fingerprint only.
 *
 * @param schema {@code cmoe.plan/1}
 * @param experts SxAyEz
 * @param family dense family
 * @param hidden d
 * @param intermediate d_ff
 * @param fingerprint digest of the dense model's configuration and tensor directory
 * @param refitted whether the down-projections are replaced; their values lie beside the plan
 */
public record PlanHeader(
    String schema,
    String experts,
    String preset,
    long seed,
    RouterKind router,
    String family,
    int layers,
    int hidden,
    int intermediate,
    String fingerprint,
    boolean refitted) {
  public static final String SCHEMA = "cmoe.plan/1";
}
