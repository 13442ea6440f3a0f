package credbridge.peer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;

/** OUI-ProductClass-SerialNumber, or OUI-SerialNumber, with all bytes outside [A-Za-z0-9_] as %XX. */
final class DeviceKey {
    private DeviceKey() {}

    static String of(String oui, String productClass, String serialNumber) {
        StringBuilder key = new StringBuilder(64);
        escape(oui, key);
        if (!productClass.isEmpty()) {
            escape(productClass, key.append('-'));
        }
        escape(serialNumber, key.append('-'));
        return key.toString();
    }

    /** OUI, ProductClass (empty if there is none), SerialNumber. */
    static String[] parts(String key) {
        int first = key.indexOf('-');
        int last = key.lastIndexOf('-');
        String productClass = first == last ? "" : key.substring(first + 1, last);
        return new String[] {unescape(key.substring(0, first)), unescape(productClass), unescape(key.substring(last + 1))};
    }

    private static void escape(String part, StringBuilder key) {
        if (isPlain(part)) {
            key.append(part);
            return;
        }
        for (byte octet : part.getBytes(UTF_8)) {
            if (isPlain((char) octet)) {
                key.append((char) octet);
            } else {
                key.append(String.format("%%%02X", octet & 0xff));
            }
        }
    }

    private static boolean isPlain(String part) {
        for (int i = 0; i < part.length(); i++) {
            if (!isPlain(part.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isPlain(char c) {
        return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_';
    }

    private static String unescape(String part) {
        if (part.indexOf('%') < 0) {
            return part;
        }
        ByteArrayOutputStream octets = new ByteArrayOutputStream(part.length());
        for (int i = 0; i < part.length(); i++) {
            if (part.charAt(i) == '%') {
                octets.write(Integer.parseInt(part.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                octets.write(part.charAt(i));
            }
        }
        return octets.toString(UTF_8);
    }
}
