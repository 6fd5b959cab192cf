//! Identifiers: UUIDv7 (RFC 9562), one type for each thing, so that they cannot be mixed up.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

identifier!(
    /// An account: one person with ways to sign in.
    AccountId
);
identifier!(
    /// A session of an account.
    SessionId
);
identifier!(
    /// An organization.
    OrganizationId
);
identifier!(
    /// A card («Сотрудник организации»).
    EmployeeId
);
identifier!(
    /// A role of a card with its days.
    RoleAssignmentId
);
identifier!(
    /// An application for an account (screens.md 12).
    ApplicationId
);
identifier!(
    /// A letter of the outbox.
    LetterId
);
identifier!(
    /// A row of «Расхождения с Госуслугами».
    MismatchId
);
identifier!(
    /// Something support must look at.
    AlarmId
);
identifier!(
    /// A category («Родитель», «Обучающийся») somebody was given.
    CategoryGrantId
);
identifier!(
    /// An import of staff.
    ImportId
);
identifier!(
    /// An application of a department's employee (screens.md 4).
    AccountApplicationId
);
identifier!(
    /// A file of such an application.
    ApplicationFileId
);
