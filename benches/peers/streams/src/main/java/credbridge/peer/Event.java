package credbridge.peer;

/**
 * What a device said.
 *
 * @param device device key
 * @param commandKey of the installation; empty if none is named
 * @param step the step of the command that is answered; empty if none is
 */
record Event(
        Kind kind,
        String device,
        String commandKey,
        String step,
        int status,
        int faultCode,
        String faultString,
        String certificatePath) {

    enum Kind {
        DOWNLOAD_RESPONSE,
        TRANSFER_COMPLETE,
        SET_PARAMETER_VALUES_RESPONSE,
        FAULT,
        OTHER,
    }

    /** Why the event belongs to nothing; null if it may belong to something. */
    String unmatched() {
        if (!commandKey.isEmpty()) {
            return null;
        }
        return kind == Kind.TRANSFER_COMPLETE ? "empty_command_key" : "unknown_command_id";
    }
}
