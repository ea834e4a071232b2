package dev.cmoe.safetensors;

import dev.cmoe.run.CmoeException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A place in the JSON text of a header that moves forward over the few forms a header may hold:
 * punctuation, strings and integers. Anything else is an error that names the byte of the file.
 */
final class JsonCursor {
  private final Path path;
  private final byte[] text;
  private final long fileOffset;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private int at;

  /**
   * @param fileOffset where in the file {@code text} begins
   */
  JsonCursor(Path path, byte[] text, long fileOffset) {
    this.path = path;
    this.text = text;
    this.fileOffset = fileOffset;
  }

  /** Moves over {@code c}, after white space, if it is next. */
  boolean take(char c) {
    skipSpace();
    if (at < text.length && text[at] == c) {
      at++;
      return true;
    }
    return false;
  }

  void expect(char c) {
    if (!take(c)) {
      throw error("'" + c + "' expected");
    }
  }

  void expectEnd() {
    skipSpace();
    if (at < text.length) {
      throw error("text after the closing brace");
    }
  }

  String string() {
    skipSpace();
    if (at >= text.length || text[at] != '"') {
      throw error("a string expected");
    }
    at++;
    StringBuilder value = new StringBuilder();
    int plainFrom = at;
    while (true) {
      if (at >= text.length) {
        throw error("a string without its end");
      }
      byte b = text[at];
      if (b == '"' || b == '\\') {
        value.append(decode(plainFrom, at));
        at++;
        if (b == '"') {
          break;
        }
        value.append(escaped());
        plainFrom = at;
      } else if (b >= 0 && b < 0x20) {
        throw error("a control character inside a string");
      } else {
        at++;
      }
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
      throw error("half of a surrogate pair inside a string");
    }
    return value.toString();
  }

  long integer() {
    skipSpace();
    int from = at;
    if (at < text.length && text[at] == '-') {
      at++;
    }
    int digits = at;
    while (at < text.length && text[at] >= '0' && text[at] <= '9') {
      at++;
    }
    boolean zeroLed = at - digits > 1 && text[digits] == '0';
    boolean fraction = at < text.length && ".eE".indexOf(text[at]) >= 0;
    if (at == digits || zeroLed || fraction) {
      at = from;
      throw error("an integer expected");
    }
    String number = new String(text, from, at - from, StandardCharsets.US_ASCII);
    try {
      return Long.parseLong(number);
    } catch (NumberFormatException e) {
      at = from;
      throw error("the integer " + number + " is out of range");
    }
  }

  CmoeException error(String what) {
    return CmoeException.badInput(
        path,
        "the header is not valid at byte "
            + (fileOffset + at)
            + ": "
            + what
            + "; the file is damaged, copy or download it again");
  }

  private void skipSpace() {
    while (at < text.length && " \t\r\n".indexOf(text[at]) >= 0) {
      at++;
    }
  }

  private CharSequence decode(int from, int to) {
    try {
      return utf8.decode(ByteBuffer.wrap(text, from, to - from));
    } catch (CharacterCodingException e) {
      throw error("a string that is not UTF-8");
    }
  }

  private char escaped() {
    char c = at < text.length ? (char) text[at++] : 0;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> fourHexDigits();
      default -> throw error("an unknown escape inside a string");
    };
  }

  private char fourHexDigits() {
    int value = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length ? Character.digit(text[at], 16) : -1;
      if (digit < 0) {
        throw error("four hexadecimal digits expected");
      }
      value = value * 16 + digit;
      at++;
    }
    return (char) value;
  }
}
