"""Kinds of events, `subject:action`."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """Everything that a satellite writes down."""

    SATELLITE_CREATED = "satellite:created"
    REGISTRATION_MADE = "registration:made"
    AUTHORIZED = "registration:authorized"
    SETUP_FINISHED = "setup:finished"
    IDENTITY_RENEWED = "satellite:identity_renewed"
    SYNC_SETTINGS_CHANGED = "sync_settings:changed"
    PRIVACY_CHANGED = "privacy:changed"
    SYNC_APPLIED = "sync:response_applied"
    TOKEN_CREATED = "token:created"
    TOKEN_CREATED_RESTRICTED = "token:created_export_controlled"
    TOKEN_REVOKED = "token:revoked"
    TOKEN_REMOVED = "token:removed"
    TOKEN_REFUSED = "token:refused"
    INSTANCE_ADDED = "instance:added"
    INSTANCE_ADDED_STANDBYS = "instance:added_with_standbys"
    INSTANCE_TAKEN_OVER = "instance:taken_over"
    INSTANCE_CLONE = "instance:clone_seen"
    INSTANCE_RESTORED = "instance:restored"
    INSTANCE_RETURNED = "instance:returned"
    INSTANCE_TRANSFERRED = "instance:transferred"
    INSTANCE_REMOVED = "instance:removed"
    INSTANCE_REQUESTED_LICENCES = "instance:requested_licences"
    INSTANCE_RENEWED = "instance:renewed_certificate"
    INSTANCE_ACTIVE_CHANGED = "instance:active_changed"
    INSTANCE_SILENT = "instance:failed_to_connect"
    SHORTAGE_DETECTED = "licences:shortage_detected"
    EXPORT_REQUESTED = "export:requested"
    EXPORT_GRANTED = "export:granted"
    EXPORT_FAILED = "export:failed"
    EXPORT_DELIVERED = "export:delivered"
    EXPORT_RETURNED = "export:returned"
    EXPORT_RELEASED = "export:released"
    ALERT_DISMISSED = "alert:dismissed"
    ALERT_REMINDED = "alert:put_off"
