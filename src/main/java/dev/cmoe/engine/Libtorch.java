package dev.cmoe.engine;

import java.nio.file.Path;

/**
 * The libtorch that is loaded.
 *
 * @param version such as {@code 2.7.1}
 * @param folder its libraries
 * @param gpus how many GPUs it can compute on
 */
public record Libtorch(String version, Path folder, int gpus) {}
