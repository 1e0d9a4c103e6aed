"""The sentences of a satellite's events, which both consoles show: a satellite sends its events to central, in English."""

from __future__ import annotations

from collections.abc import Mapping

from serverkit.web.texts import Text, _

SITE_SENTENCES: Mapping[str, tuple[Text, ...]] = {
    "satellite:created": (_("satellite {name} set up"),),
    "registration:made": (_("registration file made"),),
    "registration:authorized": (_("authorized by {name}, epoch {number}"),),
    "setup:finished": (_("set-up finished, synchronization {mode}"),),
    "virtual_account:released": (
        _("virtual account {name} is not this satellite's any more; product instances in it: {number}"),
    ),
    "satellite:renamed": (_("central calls this satellite {name}"),),
    "account:renamed": (_("the account is called {name}"),),
    "satellite:identity_renewed": (_("identity of the satellite renewed, valid {time}"),),
    "sync_settings:changed": (
        _("synchronization is {mode} now"),
        _("synchronization settings changed: {names}"),
    ),
    "privacy:changed": (_("privacy of {name} set to {choice}"),),
    "clock:changed": (
        _("the clock is believed (clock {time}, licence time {licence_time})"),
        _(
            "the clock is before licence time, which waits until it is passed (clock {time}, licence time {licence_time})"
        ),
        _(
            "the clock jumped forward: nothing ends until it is confirmed or set right (clock {time}, "
            "licence time {licence_time})"
        ),
    ),
    "time:confirmed": (
        _("the time was confirmed by measuring"),
        _("the time {time} was {outcome} by a person"),
        _("the time was {outcome} by central's signed time {time}"),
    ),
    "time_settings:changed": (_("time settings changed: {names}"),),
    "settings:changed": (_("settings of {name} changed: {names}"),),
    "backup:made": (_("backup {name} made and verified"),),
    "backup:removed": (_("backup {name} removed"),),
    "webhook:added": (_("webhook {name} added"),),
    "webhook:removed": (_("webhook {name} removed"),),
    "webhook:redelivered": (_("a delivery to webhook {name} is sent again"),),
    "support:bundle_made": (_("support bundle {name} made"),),
    "tls:certificate_requested": (_("certificate requested for {names}"),),
    "tls:request_discarded": (_("certificate request and its private key removed"),),
    "tls:certificate_imported": (_("TLS certificate of {name} imported"),),
    "tls:certificate_renewed": (_("own TLS certificate renewed"),),
    "tls:certificate_reset": (_("TLS certificate reset: the server made a new key and certificate"),),
    "token:created": (_("registration token created"),),
    "token:created_export_controlled": (_("registration token created with export-controlled functionality"),),
    "token:revoked": (_("registration token revoked"),),
    "token:removed": (_("registration token removed"),),
    "token:refused": (_("registration refused: token {why}"),),
    "instance:added": (_("product instance {name} added to {place}"),),
    "instance:added_with_standbys": (_("product instance {name} added to {place} with standbys {names}"),),
    "instance:connected_with_standbys": (
        _("{name} registered and joined the set of {other}"),
        _("{name} connected, configured with standbys {names}"),
        _("{name} left the set of {other}"),
    ),
    "instance:taken_over": (_("{name} registered again with a new key"),),
    "instance:another_token": (
        _("{name} registered again with another token: restricted functions are not allowed"),
        _("{name} registered again with another token: restricted functions are allowed"),
    ),
    "instance:clone_seen": (
        _("two machines show the identity of {other}; this one is {name}"),
        _("{name} used old numbers twice within {number} days: two machines have its key"),
    ),
    "instance:restored": (_("{name} used an old number: it was restored from an older copy"),),
    "instance:returned": (
        _("product instance {name} came back from central"),
        _("units and keys of {name} came back from central"),
    ),
    "instance:transferred": (_("product instance {name} transferred from {place} to {target}"),),
    "instance:removed": (_("product instance {name} in {place} removed"),),
    "instance:removed_after_silence": (_("product instance {name} in {place} removed after a year of silence"),),
    "instance:requested_licences": (
        _("{name} in {place} requested no licences any more"),
        _("{name} in {place} requested {units}"),
    ),
    "instance:reported_use": (
        _("{name} reported use: nothing that is known here (report {report})"),
        _("{name} reported use: at most {units} (report {report})"),
    ),
    "instance:renewed_certificate": (_("{name} in {place} renewed its identity certificate"),),
    "instance:unit_replaced": (_("{old} of {name} in {place} was replaced by {other}"),),
    "instance:active_changed": (_("{name} is the active member in place of {other}"),),
    "instance:licences_freed": (_("{name} in {place} was silent for 90 days"),),
    "instance:failed_to_connect": (_("{name} in {place} has not connected for 30 days"),),
    "instance:detached": (_("{name} in {place} was detached until {time}"),),
    "instance:reattached": (_("{name} in {place} was reattached"),),
    "instance:failed_to_detach": (_("{name} in {place} could not be detached: {why}"),),
    "instance:failed_to_reattach": (_("{name} in {place} could not be reattached: {why}"),),
    "instance:detached_term_ended": (_("{name} in {place} was not reattached before its term ended"),),
    "export:requested": (_("{units} requested by {name}"),),
    "export:granted": (_("{units} granted to {name}"),),
    "export:failed": (_("{units} not granted to {name}: {why}"),),
    "export:delivered": (_("{units} delivered to {name}"),),
    "export:returned": (
        _("{units} returned by {name}"),
        _("{name} gave up what was reserved for it by code"),
    ),
    "export:released": (
        _("{units} held by {name}, released by central ({why})"),
        _("central freed what was reserved by code for {name} ({why})"),
    ),
    "conversion:requested": (_("{name} asked to convert its classic licences"),),
    "conversion:decided": (_("{name}: conversion of its classic licences: {state}"),),
    "api_token:created": (_("access token {name} made"),),
    "api_token:revoked": (_("access token {name} revoked"),),
    "user:created": (_("user {name} added as {role}"),),
    "user:role_changed": (_("user {name} is {role} now"),),
    "user:reset": (_("password of {name} set by {who}"),),
    "user:unlocked": (_("user {name} unlocked"),),
    "user:removed": (_("user {name} removed"),),
    "user:password_changed": (_("{name} changed the password"),),
    "user:two_step_on": (_("{name} signs in with a second step now"),),
    "user:two_step_off": (_("{name} signs in without a second step now"),),
    "user:recovery_codes_renewed": (_("{name} made new recovery codes"),),
    "user:recovery_code_used": (_("{name} signed in with a recovery code; {number} left"),),
    "user:session_revoked": (_("a session of {name} was revoked"),),
    "user:sign_in_slowed": (
        _("tries to sign in as {name} failed and are slowed"),
        _("tries to sign in with an unknown name failed and are slowed"),
    ),
    "alert:dismissed": (_("alert dismissed: {text}"),),
    "alert:put_off": (_("alert put off: {text}"),),
    "alert:restored": (_("alert opened again: {text}"),),
    "licences:shortage_detected": (
        _("{count} more of {name} needed in {place}. There is a surplus in {names}."),
        _("{count} more of {name} needed in {place}."),
    ),
}
WORDS = (
    _("The device is detached: its licences stay in use until its term ends."),
    _("The device is not detached."),
    _("The device was detached by another machine with the same key."),
    _("The vendor does not allow detached mode."),
    _("The term is longer than the vendor allows."),
    _("The device uses a licence that is short, unknown, or not for it."),
    _("Licences are reserved for the device by code."),
    _("Only the active unit of a set can detach or reattach the set."),
    _("Two machines show the identity of this device."),
    _("The satellite was restored from an older copy."),
    _("The device's identity certificate has expired."),
    _("administrator"),
    _("operator"),
    _("read-only"),
    _("manual"),
    _("network"),
    _("send"),
    _("pseudonym"),
    _("drop"),
    _("converted"),
    _("already converted"),
    _("partly converted"),
    _("not converted"),
)
"""Words of the program that stand in sentences."""
