use std::fmt;

/// Response Status Code (rsc, TS-0004 clause 6.6.3): those that the bridge gives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u16)]
pub enum ResponseStatusCode {
    /// The request is taken on, nonBlockingRequestSynch.
    AcceptedSynch = 1001,
    /// The request is taken on, nonBlockingRequestAsynch.
    AcceptedAsynch = 1002,
    /// The resource was created.
    Created = 2001,
    /// The request is wrong, or the device refused or failed.
    BadRequest = 4000,
    /// The release of oneM2M is not supported.
    ReleaseVersionNotSupported = 4001,
    /// The operation is not allowed on this resource.
    OperationNotAllowed = 4005,
    /// The request expired.
    RequestTimeout = 4008,
    /// The content has a media type that is not supported.
    UnsupportedMediaType = 4015,
    /// The request contradicts another one that is pending.
    Conflict = 4105,
    /// A resource of this type cannot be a child of the target.
    InvalidChildResourceType = 4108,
    /// The bridge cannot take the request on.
    InternalServerError = 5000,
    /// A feature that is asked for is not implemented.
    NotImplemented = 5001,
    /// nonBlockingRequestSynch is not supported.
    NonBlockingSynchNotSupported = 5206,
    /// The device cannot be identified or reached.
    ExternalObjectNotReachable = 6003,
    /// The object on the device cannot be found.
    ExternalObjectNotFound = 6005,
    /// No session with the device can be had.
    MgmtSessionCannotBeEstablished = 6020,
    /// No session with the device came about in time.
    MgmtSessionEstablishmentTimeout = 6021,
}

impl ResponseStatusCode {
    /// The number, e.g. 2001.
    pub const fn get(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for ResponseStatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.get())
    }
}
