use crate::onem2m::MyCertFileCred;

use super::Open;

/// A resource that was created, kept so that it can be retrieved, updated and deleted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredResource {
    /// Its address, as a response with the address gave it.
    pub address: Box<str>,
    /// Its attributes. Invariant: object_paths is the path of its row, with a dot at the end.
    pub attributes: MyCertFileCred,
}

impl StoredResource {
    /// What stays of an installation that succeeded; `None` as long as the row is not known.
    pub(super) fn of(open: &Open) -> Option<Box<Self>> {
        let path = open.certificate_path.clone()?;
        Some(Box::new(Self {
            address: open.request.resource_address().into(),
            attributes: MyCertFileCred {
                object_paths: [path].into(),
                ..open.resource().clone()
            },
        }))
    }

    /// The row of `Device.Security.Certificate.{i}.` that holds the certificate.
    pub(super) fn path(&self) -> &str {
        self.attributes
            .object_paths
            .first()
            .expect("a resource is kept with its row")
    }
}
