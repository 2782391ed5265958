"""The release described for repositories: datacite.json, dataverse.json, ro-crate-metadata.json.

Each is made from the deposit facts and the release's own report. What is not told is left out, so
that a repository asks for it; README.md names it. No file holds counts of answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from exports.documents.context import DocumentContext, pretty_json
from exports.documents.metadata import (
    KIND,
    MODE,
    RESTRICTED,
    UNIT,
    UNIVERSE,
    sampling_of,
)
from exports.documents.readme import (
    CC_BY,
    SPDX,
    authors,
    contact,
    description,
    grants,
    keywords,
    languages,
    persons,
    related_works,
    titled,
    urn,
)
from forms.authors import Author
from forms.deposit import Grant, language_names

Said = dict[str, Any]

ORCID, ROR = "https://orcid.org/", "https://ror.org/"
FORMATS = {
    ".csv": "text/csv", ".html": "text/html", ".json": "application/json",
    ".md": "text/markdown", ".xml": "application/xml", ".py": "text/x-python",
}  # fmt: skip


def _told(said: Mapping[str, Any]) -> Said:
    return {key: value for key, value in said.items() if value not in (None, "", [], {}, ())}


def _marked(context: DocumentContext) -> str:
    return f"{context.mark}. " * bool(context.mark) + description(context)


def _creator(author: Author) -> Said:
    orcid = {
        "nameIdentifier": ORCID + author.orcid,
        "nameIdentifierScheme": "ORCID",
        "schemeUri": ORCID.rstrip("/"),
    }
    house = {
        "name": author.affiliation,
        "affiliationIdentifier": author.ror and ROR + author.ror,
        "affiliationIdentifierScheme": author.ror and "ROR",
    }
    return _told(
        {
            "name": f"{author.family}, {author.given}",
            "nameType": "Personal",
            "givenName": author.given,
            "familyName": author.family,
            "nameIdentifiers": [orcid] if author.orcid else [],
            "affiliation": [_told(house)] if author.affiliation else [],
        }
    )


def _funding(grant: Grant) -> Said:
    return _told(
        {
            "funderName": grant.funder,
            "funderIdentifier": grant.ror and ROR + grant.ror,
            "funderIdentifierType": grant.ror and "ROR",
            "awardNumber": grant.number,
            "awardTitle": grant.title,
        }
    )


def datacite(context: DocumentContext) -> bytes:
    """datacite.json: DataCite 4.5. It has no DOI, which the repository gives."""
    deposit = context.deposit
    creators = [_creator(one) for one in persons(context)]
    rights = {
        "rights": "Creative Commons Attribution 4.0 International",
        "rightsUri": CC_BY + "legalcode",
        "rightsIdentifier": SPDX.lower(),
        "rightsIdentifierScheme": "SPDX",
    }
    works = [
        _told(
            {
                "relatedIdentifier": work.id,
                "relatedIdentifierType": work.scheme,
                "relationType": work.relation,
                "resourceTypeGeneral": work.type,
            }
        )
        for work in related_works(context)
    ]
    methods = {"Mode": MODE, "Sampling": sampling_of(deposit), "Weights": deposit.weights}
    how = "\n".join(f"{what}: {text}" for what, text in methods.items() if text)
    told = [("Abstract", _marked(context)), ("Methods", how)]
    collected = {"date": "/".join(deposit.period), "dateType": "Collected"}
    named = {"alternateIdentifier": urn(context), "alternateIdentifierType": "SHA-256"}
    said: Said = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": KIND},
        "titles": [{"title": titled(context)}],
        "creators": creators or [{"name": authors(context), "nameType": "Organizational"}],
        "publisher": {"name": deposit.publisher} if deposit.publisher else None,
        "publicationYear": str(deposit.year or ""),
        "subjects": [{"subject": one} for one in (*deposit.subject, *keywords(context))],
        "dates": [collected] if deposit.period else [],
        "language": languages(context)[0],
        "alternateIdentifiers": [named] if urn(context) else [],
        "relatedIdentifiers": works,
        "version": ", ".join(context.versions),
        "rightsList": [rights if context.open else {"rights": RESTRICTED}],
        "descriptions": [{"description": text, "descriptionType": kind} for kind, text in told],
        "geoLocations": [{"geoLocationPlace": place} for place in deposit.place],
        "fundingReferences": [_funding(one) for one in grants(context)],
    }
    return pretty_json(_told(said))


def _field(name: str, value: Any, kind: str = "primitive") -> Said:
    many = isinstance(value, list)
    return {"typeName": name, "multiple": many, "typeClass": kind, "value": value}


# The parts of compound fields that Dataverse takes from a list of its own.
FROM_A_LIST = ("authorIdentifierScheme", "publicationIDType")


def _compound(name: str, several: Iterable[Mapping[str, str]]) -> Said:
    """A field made of fields, each time it stands there; parts that are empty are left out."""
    value = [
        {
            part: _field(part, text, "controlledVocabulary" if part in FROM_A_LIST else "primitive")
            for part, text in one.items()
            if text
        }
        for one in several
    ]
    return _field(name, [one for one in value if one], "compound")


def _citation_block(context: DocumentContext) -> list[Said]:
    deposit, asked = context.deposit, contact(context)
    people = [
        {
            "authorName": f"{one.family}, {one.given}",
            "authorAffiliation": one.affiliation,
            "authorIdentifierScheme": "ORCID" * bool(one.orcid),
            "authorIdentifier": one.orcid,
        }
        for one in persons(context)
    ]
    asking = {
        "datasetContactName": asked.get("name", ""),
        "datasetContactEmail": asked.get("email", ""),
    }
    period = ("dateOfCollectionStart", "dateOfCollectionEnd")
    names = [language_names().get(code[:2], "") for code in languages(context)]
    funded = [
        {"grantNumberAgency": one.funder, "grantNumberValue": one.number} for one in grants(context)
    ]
    return [
        _field("title", titled(context)),
        _compound("otherId", [{"otherIdAgency": "SHA-256", "otherIdValue": urn(context)}])
        if urn(context)
        else _field("otherId", []),
        _compound("author", people or [{"authorName": authors(context)}]),
        _compound("datasetContact", [asking] if asked else []),
        _compound("dsDescription", [{"dsDescriptionValue": _marked(context)}]),
        _field("subject", list(deposit.subject), "controlledVocabulary"),
        _compound("keyword", [{"keywordValue": word} for word in keywords(context)]),
        _field("language", [name for name in names if name], "controlledVocabulary"),
        _compound("producer", [{"producerName": context.facts.get("institution", "")}]),
        _compound("grantNumber", funded),
        _compound("distributor", [{"distributorName": deposit.publisher}]),
        _compound("dateOfCollection", [dict(zip(period, deposit.period, strict=False))]),
        _field("kindOfData", [KIND]),
        _field("relatedMaterial", [f"{w.relation}: {w.url}" for w in related_works(context)]),
    ]


def dataverse(context: DocumentContext) -> bytes:
    """dataverse.json: a data set as Dataverse's native API takes it."""
    deposit = context.deposit
    social = [
        _field("unitOfAnalysis", [UNIT]),
        _field("universe", [UNIVERSE]),
        _field("samplingProcedure", sampling_of(deposit)),
        _field("collectionMode", MODE),
        _field("weighting", deposit.weights),
    ]
    places = _compound(
        "geographicCoverage", [{"otherGeographicCoverage": place} for place in deposit.place]
    )
    blocks = {
        "citation": ("Citation Metadata", _citation_block(context)),
        "geospatial": ("Geospatial Metadata", [places]),
        "socialscience": ("Social Science and Humanities Metadata", social),
    }
    held = {
        name: {"displayName": title, "fields": [field for field in fields if field["value"]]}
        for name, (title, fields) in blocks.items()
    }
    terms = (
        {"license": {"name": "CC BY 4.0", "uri": CC_BY.rstrip("/")}}
        if context.open
        else {"termsOfUse": RESTRICTED}
    )
    filled = {name: block for name, block in held.items() if block["fields"]}
    return pretty_json({"datasetVersion": {**terms, "metadataBlocks": filled}})


def _link(target: str) -> Said:
    return {"@id": target}


def _house(name: str, ror: str = "") -> Said:
    return {"@id": ROR + ror if ror else f"#{quote(name)}", "@type": "Organization", "name": name}


def _person(author: Author) -> Said:
    home = _house(author.affiliation, author.ror) if author.affiliation else {}
    return _told(
        {
            "@id": ORCID + author.orcid if author.orcid else f"#{quote(author.name)}",
            "@type": "Person",
            "name": author.name,
            "givenName": author.given,
            "familyName": author.family,
            "affiliation": _link(home["@id"]) if home else None,
        }
    )


def _makers(context: DocumentContext) -> list[Said]:
    return [_person(one) for one in persons(context)] or [_house(authors(context))]


def _files(paths: Collection[str]) -> list[Said]:
    return [
        _told(
            {
                "@id": quote(path),
                "@type": "File",
                "name": path,
                "encodingFormat": FORMATS.get(PurePosixPath(path).suffix, ""),
            }
        )
        for path in sorted(paths)
    ]


def _terms(context: DocumentContext) -> Said:
    if context.open:
        name = "Creative Commons Attribution 4.0 International"
        return {"@id": CC_BY, "@type": "CreativeWork", "name": name, "description": SPDX}
    name = "Only under a data use agreement"
    return {"@id": "#terms", "@type": "CreativeWork", "name": name, "description": RESTRICTED}


def ro_crate(context: DocumentContext, paths: Collection[str]) -> bytes:
    """ro-crate-metadata.json (RO-Crate 1.1): the release and each of its files, ``paths``."""
    deposit, terms, makers = context.deposit, _terms(context), _makers(context)
    held, asked = _files(paths), contact(context)
    homes = [_house(a.affiliation, a.ror) for a in persons(context) if a.affiliation]
    funders = [_house(one.funder, one.ror) for one in grants(context)]
    publisher = [_house(deposit.publisher)] if deposit.publisher else []
    places = [{"@id": f"#{quote(p)}", "@type": "Place", "name": p} for p in deposit.place]
    works = [
        {"@id": work.url, "@type": "CreativeWork", "name": f"{work.relation}: {work.id}"}
        for work in related_works(context)
    ]
    reach = [{"@id": f"mailto:{asked['email']}", "@type": "ContactPoint", **asked}] if asked else []
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": titled(context),
        "description": _marked(context),
        "datePublished": str(deposit.year or ""),
        "license": _link(terms["@id"]),
        "author": _links(makers),
        "publisher": _link(publisher[0]["@id"]) if publisher else None,
        "funder": _links(funders),
        "contactPoint": _links(reach),
        "spatialCoverage": _links(places),
        "temporalCoverage": "/".join(deposit.period),
        "inLanguage": languages(context),
        "keywords": [*deposit.subject, *keywords(context)],
        "version": ", ".join(context.versions),
        "identifier": urn(context),
        "citation": _links(works),
        "hasPart": _links(held),
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "conformsTo": _link("https://w3id.org/ro/crate/1.1"),
        "about": _link("./"),
    }
    beside = [terms, *makers, *homes, *publisher, *funders, *reach, *places, *works]
    # One entity for each identifier: authors share a house.
    different = {one["@id"]: one for one in beside}
    graph = [descriptor, _told(root), *different.values(), *held]
    return pretty_json({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph})


def _links(entities: Iterable[Mapping[str, Any]]) -> list[Said]:
    return [_link(one) for one in dict.fromkeys(entity["@id"] for entity in entities)]
