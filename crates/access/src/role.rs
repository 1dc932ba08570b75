use serde::{Deserialize, Serialize};

basis::words! {
    /// What a member of a workspace may do.
    #[derive(Serialize, Deserialize, utoipa::ToSchema)]
    Role, "role" {
        /// Everything, users and secrets included.
        Administrator = "administrator",
        /// Imports, people, segments, campaigns.
        Marketer = "marketer",
        /// Operators' work and the reports of it.
        Supervisor = "supervisor",
        /// The call tasks in hand.
        Operator = "operator",
        /// The outsourcer's client: reads reports, with masks.
        Client = "client",
    }
}
