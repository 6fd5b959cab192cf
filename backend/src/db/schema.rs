//! The tables as diesel sees them: one description for both databases.
//!
//! Written by hand next to the migrations; `tests/it/schema.rs` compares it with what they create.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    organizations (id) {
        id -> DbUuid,
        parent_id -> Nullable<DbUuid>,
        kind -> Text,
        full_name -> Text,
        short_name -> Text,
        town -> Text,
        inn -> Nullable<Text>,
        kpp -> Nullable<Text>,
        search_key -> Text,
        closed_on -> Nullable<Date>,
        version -> Integer,
        created_at -> Timestamp,
        esia_only -> Bool,
        merged_into_id -> Nullable<DbUuid>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    organization_ancestors (descendant_id, ancestor_id) {
        descendant_id -> DbUuid,
        ancestor_id -> DbUuid,
        depth -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    organization_tokens (token, organization_id) {
        token -> Text,
        organization_id -> DbUuid,
    }
}

table! {
    use diesel::sql_types::*;

    issued_names (name) {
        name -> Text,
        issued_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    accounts (id) {
        id -> DbUuid,
        user_name -> Text,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        email -> Text,
        email_key -> Text,
        email_verified_at -> Nullable<Timestamp>,
        position -> Nullable<Text>,
        password_hash -> Nullable<Text>,
        password_changed_at -> Nullable<Timestamp>,
        status -> Text,
        blocked_reason -> Nullable<Text>,
        last_sign_in_at -> Nullable<Timestamp>,
        demo -> Bool,
        version -> Integer,
        created_at -> Timestamp,
        organization_id -> Nullable<DbUuid>,
        consent_version -> Nullable<Text>,
        name_key -> Text,
        blocked_at -> Nullable<Timestamp>,
        blocked_by_account_id -> Nullable<DbUuid>,
        unblocked_at -> Nullable<Timestamp>,
        origin -> Text,
        snils -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    employees (id) {
        id -> DbUuid,
        organization_id -> DbUuid,
        login -> Text,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        no_patronymic -> Bool,
        name_key -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        note -> Text,
        version -> Integer,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        archived_at -> Nullable<Timestamp>,
        roles_end_on -> Date,
        account_seen_at -> Timestamp,
        snils -> Nullable<Text>,
        phone -> Nullable<Text>,
        role_bits -> BigInt,
        roles_first_end_on -> Date,
        roles_last_start_on -> Date,
        account_state -> SmallInt,
        initials -> BigInt,
        merged_into_id -> Nullable<DbUuid>,
        snils_key -> Nullable<Binary>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    employee_tokens (token, name_key, employee_id) {
        token -> Text,
        name_key -> Text,
        employee_id -> DbUuid,
        archived -> Bool,
        initials -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    listed_roles (role, name_key, employee_id, ends_on, starts_on) {
        role -> Text,
        name_key -> Text,
        employee_id -> DbUuid,
        ends_on -> Date,
        starts_on -> Date,
        organization_id -> DbUuid,
        login -> Text,
        created_at -> Timestamp,
        roles_end_on -> Date,
        initials -> BigInt,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    role_assignments (id) {
        id -> DbUuid,
        employee_id -> DbUuid,
        organization_id -> DbUuid,
        role -> Text,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        created_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    sessions (id) {
        id -> DbUuid,
        token_hash -> Binary,
        previous_token_hash -> Nullable<Binary>,
        previous_valid_until -> Nullable<Timestamp>,
        account_id -> DbUuid,
        employee_id -> Nullable<DbUuid>,
        created_at -> Timestamp,
        last_seen_at -> Timestamp,
        expires_at -> Timestamp,
        previous_sign_in_at -> Nullable<Timestamp>,
        address -> Text,
        user_agent -> Text,
        ended_at -> Nullable<Timestamp>,
        end_reason -> Nullable<Text>,
        category -> Nullable<Text>,
        way -> Text,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    one_time_credentials (id) {
        id -> DbUuid,
        employee_id -> DbUuid,
        secret_hmac -> Binary,
        issued_at -> Timestamp,
        issued_by_account_id -> Nullable<DbUuid>,
        issued_by_employee_id -> Nullable<DbUuid>,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        voided_at -> Nullable<Timestamp>,
        failures -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    bindings (id) {
        id -> DbUuid,
        employee_id -> DbUuid,
        account_id -> DbUuid,
        bound_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    audit_events (id) {
        id -> DbUuid,
        at -> Timestamp,
        actor_account_id -> Nullable<DbUuid>,
        actor_employee_id -> Nullable<DbUuid>,
        action -> Text,
        object_kind -> Text,
        object_id -> Nullable<DbUuid>,
        organization_id -> Nullable<DbUuid>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
        result -> Text,
        details -> Text,
        position -> Nullable<BigInt>,
        seal -> Nullable<Binary>,
    }
}

table! {
    use diesel::sql_types::*;

    audit_heads (name) {
        name -> Text,
        position -> BigInt,
        seal -> Binary,
    }
}

table! {
    use diesel::sql_types::*;

    attempt_counters (key) {
        key -> Text,
        failures -> Integer,
        window_started_at -> Timestamp,
        locked_until -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;

    leases (name) {
        name -> Text,
        token -> BigInt,
        expires_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    letters (id) {
        id -> DbUuid,
        kind -> Text,
        recipient -> Text,
        subject -> Text,
        body -> Binary,
        created_at -> Timestamp,
        attempts -> Integer,
        next_attempt_at -> Timestamp,
        lease_token -> BigInt,
        leased_until -> Nullable<Timestamp>,
        sent_at -> Nullable<Timestamp>,
        failed_at -> Nullable<Timestamp>,
        failure -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    links (id) {
        id -> DbUuid,
        purpose -> Text,
        token_hash -> Binary,
        account_id -> Nullable<DbUuid>,
        subject_id -> DbUuid,
        user_name -> Nullable<Text>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        voided_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    consents (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        version -> Text,
        given_at -> Timestamp,
        address -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    applications (id) {
        id -> DbUuid,
        state -> Text,
        email -> Text,
        email_key -> Text,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        position -> Text,
        organization_id -> Nullable<DbUuid>,
        full_name -> Text,
        short_name -> Text,
        town -> Text,
        inn -> Text,
        kpp -> Text,
        search_text -> Text,
        user_name -> Nullable<Text>,
        consent_version -> Text,
        address -> Text,
        created_at -> Timestamp,
        proven_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        decided_by_account_id -> Nullable<DbUuid>,
        reason -> Nullable<Text>,
        completed_at -> Nullable<Timestamp>,
        account_id -> Nullable<DbUuid>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    account_tokens (token, account_id) {
        token -> Text,
        account_id -> DbUuid,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    password_history (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        password_hash -> Text,
        replaced_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    email_changes (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        email -> Text,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        old_confirmed_at -> Nullable<Timestamp>,
        new_confirmed_at -> Nullable<Timestamp>,
        applied_at -> Nullable<Timestamp>,
        cancelled_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    esia_links (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        oid -> Text,
        linked_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    category_grants (id) {
        id -> DbUuid,
        category -> Text,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        name_key -> Text,
        email -> Text,
        email_key -> Text,
        snils -> Nullable<Text>,
        starts_on -> Date,
        ends_on -> Nullable<Date>,
        created_at -> Timestamp,
        granted_by_account_id -> Nullable<DbUuid>,
        ended_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    mismatches (id) {
        id -> DbUuid,
        kind -> Text,
        state -> Text,
        organization_id -> Nullable<DbUuid>,
        oid -> Nullable<Text>,
        account_id -> Nullable<DbUuid>,
        employee_id -> Nullable<DbUuid>,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        name_key -> Text,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        snils -> Nullable<Text>,
        created_at -> Timestamp,
        consented_at -> Nullable<Timestamp>,
        corrected_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        decided_by_account_id -> Nullable<DbUuid>,
        reason -> Nullable<Text>,
        version -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    alarms (id) {
        id -> DbUuid,
        code -> Text,
        detail -> Text,
        first_at -> Timestamp,
        last_at -> Timestamp,
        occurrences -> Integer,
        resolved_at -> Nullable<Timestamp>,
        resolved_by_account_id -> Nullable<DbUuid>,
    }
}

table! {
    use diesel::sql_types::*;

    esia_health (name) {
        name -> Text,
        at -> Timestamp,
        detail -> Text,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    possible_duplicates (employee_id, other_id) {
        employee_id -> DbUuid,
        other_id -> DbUuid,
        noted_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    proposals (id) {
        id -> DbUuid,
        kind -> Text,
        state -> Text,
        organization_id -> DbUuid,
        employee_id -> Nullable<DbUuid>,
        author_account_id -> DbUuid,
        author_employee_id -> DbUuid,
        payload -> Nullable<Text>,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        decided_by_account_id -> Nullable<DbUuid>,
        reason -> Nullable<Text>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    role_notices (role_assignment_id, ends_on, days_before) {
        role_assignment_id -> DbUuid,
        ends_on -> Date,
        days_before -> Integer,
        told_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    imports (id) {
        id -> DbUuid,
        account_id -> DbUuid,
        employee_id -> DbUuid,
        state -> Text,
        headings -> Text,
        mapping -> Text,
        row_count -> Integer,
        created -> Integer,
        changed -> Integer,
        unchanged -> Integer,
        skipped -> Integer,
        wrong -> Integer,
        undecided -> Integer,
        done -> Integer,
        failure -> Nullable<Text>,
        tries -> Integer,
        address -> Nullable<Text>,
        created_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        lease_token -> BigInt,
        leased_until -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    import_rows (import_id, line) {
        import_id -> DbUuid,
        line -> Integer,
        cells -> Text,
        outcome -> Nullable<Text>,
        report -> Nullable<Text>,
        task -> Nullable<Text>,
        decision -> Nullable<Text>,
        employee_id -> Nullable<DbUuid>,
        step -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    import_templates (account_id) {
        account_id -> DbUuid,
        mapping -> Text,
        updated_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    account_applications (id) {
        id -> DbUuid,
        number -> Text,
        state -> Text,
        role -> Text,
        email -> Text,
        family_name -> Text,
        given_name -> Text,
        patronymic -> Nullable<Text>,
        phone -> Nullable<Text>,
        position -> Text,
        organization_id -> Nullable<DbUuid>,
        territory -> Text,
        search_text -> Text,
        consent_version -> Text,
        address -> Text,
        created_at -> Timestamp,
        proven_at -> Nullable<Timestamp>,
        decided_at -> Nullable<Timestamp>,
        decided_by_account_id -> Nullable<DbUuid>,
        reason -> Nullable<Text>,
        employee_id -> Nullable<DbUuid>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    organization_counts (organization_id, what) {
        organization_id -> DbUuid,
        what -> Text,
        number -> Integer,
        counted_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    organization_days (organization_id, day) {
        organization_id -> DbUuid,
        day -> Date,
        sign_ins -> Integer,
        bindings -> Integer,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    recertifications (id) {
        id -> DbUuid,
        department_id -> Nullable<DbUuid>,
        due_on -> Date,
        started_at -> Timestamp,
        started_by_account_id -> DbUuid,
        started_by_employee_id -> DbUuid,
        ended_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    application_files (id) {
        id -> DbUuid,
        application_id -> DbUuid,
        name -> Text,
        kind -> Text,
        size -> BigInt,
        sha256 -> Binary,
        stored -> Text,
        created_at -> Timestamp,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    recertification_organizations (recertification_id, organization_id) {
        recertification_id -> DbUuid,
        organization_id -> DbUuid,
        answered_at -> Nullable<Timestamp>,
        reminded_before_at -> Nullable<Timestamp>,
        reminded_after_at -> Nullable<Timestamp>,
        told_at -> Nullable<Timestamp>,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    application_file_pieces (file_id, place) {
        file_id -> DbUuid,
        place -> Integer,
        bytes -> Binary,
    }
}

table! {
    use diesel::sql_types::*;
    use crate::db::types::DbUuid;

    recertification_answers (role_assignment_id, recertification_id) {
        role_assignment_id -> DbUuid,
        recertification_id -> DbUuid,
        answer -> Text,
        answered_at -> Timestamp,
        answered_by_account_id -> DbUuid,
        answered_by_employee_id -> DbUuid,
    }
}

joinable!(account_tokens -> accounts (account_id));
joinable!(application_files -> account_applications (application_id));
joinable!(organization_ancestors -> organizations (descendant_id));
joinable!(organization_tokens -> organizations (organization_id));
joinable!(employees -> organizations (organization_id));
joinable!(employee_tokens -> employees (employee_id));
joinable!(listed_roles -> employees (employee_id));
joinable!(role_assignments -> employees (employee_id));
joinable!(sessions -> accounts (account_id));
joinable!(one_time_credentials -> employees (employee_id));
joinable!(bindings -> employees (employee_id));
joinable!(bindings -> accounts (account_id));
joinable!(esia_links -> accounts (account_id));
joinable!(mismatches -> organizations (organization_id));
joinable!(recertification_organizations -> recertifications (recertification_id));
joinable!(recertification_organizations -> organizations (organization_id));
joinable!(recertification_answers -> role_assignments (role_assignment_id));

allow_tables_to_appear_in_same_query!(
    account_applications,
    account_tokens,
    accounts,
    alarms,
    application_file_pieces,
    application_files,
    applications,
    attempt_counters,
    audit_events,
    audit_heads,
    bindings,
    category_grants,
    consents,
    email_changes,
    employee_tokens,
    listed_roles,
    employees,
    esia_health,
    esia_links,
    import_rows,
    import_templates,
    imports,
    issued_names,
    leases,
    letters,
    links,
    mismatches,
    one_time_credentials,
    organization_ancestors,
    organization_counts,
    organization_days,
    organization_tokens,
    organizations,
    password_history,
    possible_duplicates,
    proposals,
    recertification_answers,
    recertification_organizations,
    recertifications,
    role_assignments,
    role_notices,
    sessions,
);
