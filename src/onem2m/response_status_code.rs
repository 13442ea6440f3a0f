use std::fmt;

/// Response Status Code (rsc, TS-0004 clause 6.6.3): those that the bridge gives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[repr(u16)]
pub enum ResponseStatusCode {
    /// The request is taken on, nonBlockingRequestSynch.
    AcceptedSynch = 1001,
    /// The request is taken on, nonBlockingRequestAsynch.
    AcceptedAsynch = 1002,
    /// The resource, as it was asked for.
    Ok = 2000,
    /// The resource was created.
    Created = 2001,
    /// The resource is gone.
    Deleted = 2002,
    /// The resource was changed.
    Updated = 2004,
    /// The request is wrong, or the device refused or failed.
    BadRequest = 4000,
    /// The release of oneM2M is not supported.
    ReleaseVersionNotSupported = 4001,
    /// There is no such resource.
    NotFound = 4004,
    /// The operation is not allowed on this resource.
    OperationNotAllowed = 4005,
    /// The request expired.
    RequestTimeout = 4008,
    /// Only the originator of a request may withdraw it.
    OriginatorHasNoPrivilege = 4103,
    /// The request contradicts another one that is pending.
    Conflict = 4105,
    /// The bridge cannot take the request on.
    InternalServerError = 5000,
    /// A feature that is asked for is not implemented.
    NotImplemented = 5001,
    /// The device cannot be identified or reached.
    ExternalObjectNotReachable = 6003,
    /// The object on the device cannot be found.
    ExternalObjectNotFound = 6005,
    /// No session with the device can be had.
    MgmtSessionCannotBeEstablished = 6020,
    /// No session with the device came about in time.
    MgmtSessionEstablishmentTimeout = 6021,
    /// The device does not cancel its transfer.
    MgmtCancellationFailed = 6026,
    /// What is to be withdrawn is over.
    AlreadyComplete = 6028,
    /// What is to be withdrawn has gone too far.
    MgmtCommandNotCancellable = 6029,
}

impl ResponseStatusCode {
    /// Every code that the bridge gives.
    pub const ALL: [Self; 22] = [
        Self::AcceptedSynch,
        Self::AcceptedAsynch,
        Self::Ok,
        Self::Created,
        Self::Deleted,
        Self::Updated,
        Self::BadRequest,
        Self::ReleaseVersionNotSupported,
        Self::NotFound,
        Self::OperationNotAllowed,
        Self::RequestTimeout,
        Self::OriginatorHasNoPrivilege,
        Self::Conflict,
        Self::InternalServerError,
        Self::NotImplemented,
        Self::ExternalObjectNotReachable,
        Self::ExternalObjectNotFound,
        Self::MgmtSessionCannotBeEstablished,
        Self::MgmtSessionEstablishmentTimeout,
        Self::MgmtCancellationFailed,
        Self::AlreadyComplete,
        Self::MgmtCommandNotCancellable,
    ];

    /// Whether what was asked has been done (TS-0004 clause 6.6.1: 2xxx).
    pub const fn is_success(self) -> bool {
        matches!(self.get(), 2000..3000)
    }

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
