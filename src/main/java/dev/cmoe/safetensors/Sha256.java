package dev.cmoe.safetensors;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A SHA-256 digest over bytes as they pass by, given in lower-case hexadecimal. */
public final class Sha256 {
  private final MessageDigest digest;

  public Sha256() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  /** The digest of what remains in {@code bytes}, which is used up. */
  public static String of(ByteBuffer bytes) {
    Sha256 sha256 = new Sha256();
    sha256.update(bytes);
    return sha256.hex();
  }

  /** Takes in what remains in {@code bytes}, which is used up. */
  public void update(ByteBuffer bytes) {
    digest.update(bytes);
  }

  /** The digest of everything so far; after this the digest begins anew. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
