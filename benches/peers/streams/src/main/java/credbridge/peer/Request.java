package credbridge.peer;

/**
 * A create request that was taken on.
 *
 * @param row path of the row of the certificate, empty if it is not known
 * @param suids in the order of the request
 * @param content the certificate file; null once the Download was sent
 */
record Request(
        String coordinates,
        byte[] recordKey,
        String traceparent,
        String device,
        String commandKey,
        String identifier,
        String originator,
        String target,
        String release,
        String format,
        String row,
        byte[] suids,
        byte[] content) {

    Request withRow(String path) {
        return new Request(
                coordinates,
                recordKey,
                traceparent,
                device,
                commandKey,
                identifier,
                originator,
                target,
                release,
                format,
                path,
                suids,
                content);
    }
}
