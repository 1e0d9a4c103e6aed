"""Refusals about tags on licences."""

from __future__ import annotations

from serverkit.errors import InvalidInputError, NotFoundError, RefusedError, Remedy

PAGE = "central-portal.md#tags"


class UnknownLicenceTagError(NotFoundError):
    code = "unknown_licence_tag"
    message = "The virtual account has no such tag."
    remedy = Remedy("List the tags with `central tag list`.", page=PAGE)


class LicenceTagExistsError(RefusedError):
    code = "licence_tag_exists"
    message = "The virtual account has a tag of this name already."
    remedy = Remedy("Choose another name, or set the tag that is there.", page=PAGE)


class NoTagsError(InvalidInputError):
    code = "no_tags"
    message = "No tag is named, or nothing that it is for."
    remedy = Remedy("Name at least one tag, and at least one licence or lot.", page=PAGE)


class TooManyTagsError(RefusedError):
    code = "too_many_tags"
    message = "There would be too many tags."
    remedy = Remedy("Remove tags that are not needed any more.", page=PAGE)
