"""What `data/services` holds: columns of its tables, sources, licences and caveats."""

from __future__ import annotations

import _contradictions
import _facts
import _matching
import _register
import build_prices
from _datapackage import CC_BY, ODBL, Field, ForeignKey, Package, Source, Table, read_csv
from _need import METHODS

CREATED = "2026-11-29T00:00:00Z"
TRAVELLERS = ("client", "provider", "none")
LEGAL_CLASSES = (
    "alternative_care",
    "long_term_care",
    "social_care",
    "social_care_and_rehabilitation",
    "social_rehabilitation",
    "social_service",
    "social_work",
    "state_social_service",
    "vocational_rehabilitation",
)
FORMS = ("centre", "family", "home", "institution", "mobile", "outpatient", "residence")
STATUSES = ("operating", "planned", "closed", "not_registered")
STATUS_SOURCES = (
    "closed",
    "closed_or_moved",
    "closing",
    "not_realised",
    "operating",
    "planned",
    "registered",
    "reorganised",
)
LISTED_BASES = (
    "occupancy",
    "planned_capacity",
    "planned_recipients",
    "stated_capacity",
    "unconfirmed",
)
PLACES_BASES = (*LISTED_BASES, "planned_clients", "planned_clients_shared")
KNOWN_BY = ("register", "list", "none")
SHOW_AT = ("address", "settlement")
MAPPINGS = ("sure", "likely", "listed")
PRECISIONS = ("address", "settlement", "parish", "municipality", "none")
HEADLINE_INDICATORS = ("target", "assessed", "to_be_assessed")


def _key(name: str, description: str) -> Field:
    return Field(name, "string", description, required=True, unique=True)


def _text(name: str, description: str, *, required: bool = False) -> Field:
    return Field(name, "string", description, required=required)


def _region(description: str, *, required: bool = True) -> Field:
    return Field("planning_region", "string", description, required, enum=_facts.REGIONS)


SERVICE_TYPES = [
    _key("service", "Key of the service"),
    _text("name_lv", "Name in Latvian", required=True),
    _text("name_en", "Name in English", required=True),
    Field("legal_class", "string", "Class of the service in law", True, enum=LEGAL_CLASSES),
    _text("target_group", "Group it is for", required=True),
    Field("form", "string", "Where and how it is given", True, enum=FORMS),
    Field(
        "limit_min",
        "integer",
        "Proposed target: one-way minutes by car that still count as near, inclusive; blank: none",
        minimum=1,
    ),
    Field(
        "outer_limit_min",
        "integer",
        "Proposed outer band: one-way minutes by car, inclusive; blank: none",
        minimum=1,
    ),
    Field("traveller", "string", "Who travels", required=True, enum=TRAVELLERS),
    Field("counts_as_supply", "boolean", "Whether having it near is coverage", required=True),
    Field("visits_per_week", "number", "Proposed visits a client and week; 0: rare", minimum=0),
    _text("capacity_note", "Places seen in projects; no norm was found"),
    Field("limit_basis", "string", "Standing of the limits", enum=("proposal",)),
    _text("note", "What to know"),
    Field(
        "known_by",
        "string",
        "Which source counts the service: register, list (public pages), or none: no row of it "
        "means not counted",
        True,
        enum=KNOWN_BY,
    ),
    Field(
        "show_at",
        "string",
        "Where it is shown: at its address, or (homes and shelters) at the settlement's centre",
        True,
        enum=SHOW_AT,
    ),
    _text("basket", "Basket over which a mean of its group may be taken; blank: none"),
    Field(
        "min_clients",
        "integer",
        "Smallest number of clients a provider of it plans for: nine in ten plan for as many or "
        "more; blank: too few say it",
        minimum=1,
    ),
    Field(
        "usual_places_low", "integer", "Three in four plan for as many clients or more", minimum=1
    ),
    Field("usual_places_high", "integer", "Three in four plan for as many or fewer", minimum=1),
    Field(
        "places_rows",
        "integer",
        "How many operating services of the register these figures are of; of rows that share "
        "their places with other services only where fewer than three have their own",
        minimum=0,
    ),
]
TARGET_GROUPS = [
    _key("target_group", "Key of the group"),
    _text("name_lv", "Name in Latvian", required=True),
    _text("name_en", "Name in English", required=True),
]
FACILITIES = [
    _key(
        "facility_id",
        "Id in the list of public pages, with .1 .2 where it holds several services; else r and "
        "the register's id, with the service where the row gives several",
    ),
    _text("source_facility_id", "Ids in the list of public pages, separated by '; '"),
    _text("register_id", "Ids in the state register, separated by spaces; blank: not found there"),
    Field(
        "mapping",
        "string",
        "sure: the register's term and groups state the service; likely: they suggest it; listed: "
        "known from public pages alone",
        True,
        enum=MAPPINGS,
    ),
    Field(
        "match",
        "string",
        "What says that a row of the list is one of the register: address, name, or the only one "
        "of its service in the settlement",
        enum=_matching.MATCHES,
    ),
    _text("site_id", "Same for all services at one site", required=True),
    _text("name", "Name", required=True),
    _text("service", "Key of the service type, or other: none of the catalogue's", required=True),
    _text("target_group", "Key of the group", required=True),
    _text("service_source", "Service as the source words it", required=True),
    _text("target_group_source", "Group as the source words it", required=True),
    Field("places", "integer", "Number of the kind places_basis says", minimum=1),
    Field("places_basis", "string", "What places counts", enum=PLACES_BASES),
    Field("listed_places", "integer", "Number in the list of public pages", minimum=1),
    Field("listed_places_basis", "string", "What listed_places counts", enum=LISTED_BASES),
    _text("address", "Street and house, or name of the house"),
    _text("settlement", "Town, village or parish as named by the source"),
    _text("settlement_id", "Settlement it stands in, where the names say; never by its point"),
    _text("municipality_id", "ATVK code of the municipality, July 2025"),
    _text("municipality_id_2021", "ATVK code of the municipality, July 2021"),
    _text("municipality_id_2009", "ATVK code of the municipality of 2009-2021, as in the DI plans"),
    Field(
        "planning_region_2009",
        "string",
        "Planning region at the time of the DI plans",
        True,
        enum=_facts.REGIONS,
    ),
    _text(
        "provider_municipality_id",
        "ATVK code of the municipality whose service it is; for services that travel it is the own "
        "municipality, wherever the office stands",
    ),
    Field(
        "provider_basis",
        "string",
        "name: the municipal provider is named after it; address: the office stands there",
        enum=_register.PROVIDER_BASES,
    ),
    Field(
        "status",
        "string",
        "operating: registered on 10 October 2026; planned and closed: as public pages say; "
        "not_registered: pages say operating, the register does not list it",
        True,
        enum=STATUSES,
    ),
    Field("status_source", "string", "Status as the source words it", True, enum=STATUS_SOURCES),
    Field(
        "listed_status",
        "string",
        "Status as the list of public pages words it; blank: not in the list",
        enum=tuple(each for each in STATUS_SOURCES if each != "registered"),
    ),
    Field("status_year", "year", "Year the status is known for, or is planned for"),
    Field("opening_confirmed", "boolean", "Whether a source tells of its working", True),
    Field("location_precision", "string", "What the point stands for", True, enum=PRECISIONS),
    Field("located", "boolean", "Whether it has a point that can be travelled to", True),
    Field("lon", "number", "Longitude, degrees, WGS 84", minimum=20.8, maximum=28.3),
    Field("lat", "number", "Latitude, degrees, WGS 84", minimum=55.6, maximum=58.1),
    _text("funding_programme", "Programme that paid, or owner"),
    _text("project_no", "Number of the project"),
    Field(
        "project_total_eur",
        "number",
        "Cost of the whole project, EUR; repeated on each of its rows: never sum",
        minimum=0,
        decimals=2,
    ),
    Field(
        "eraf_eur",
        "number",
        "ERAF money of the whole project, EUR; repeated on each of its rows: never sum",
        minimum=0,
        decimals=2,
    ),
    _text("source", "Public pages, separated by ' | '", required=True),
    Field("source_date", "date", "Day of the register; blank: pages without a day"),
    _text("inferred_fields", "Fields the source does not state but suggests, separated by '; '"),
    _text("note", "Short facts"),
]
PLAN_FIGURES = [
    _key("figure_id", "Key of the figure"),
    _region("Planning region of the plan; blank: Latvia", required=False),
    _text("municipality", "Municipality as the source names it; blank: the whole region"),
    _text("municipality_id", "ATVK code in the vintage of municipality_basis"),
    Field(
        "municipality_basis",
        "string",
        "Vintage of the municipality: 2009 (the 119 of the plans) or 2021",
        enum=("2009", "2021"),
    ),
    _text("service_source", "Service, or all, as the facts word it", required=True),
    _text("target_group", "Key of the group", required=True),
    _text("target_group_source", "Group as the facts word it", required=True),
    _text("indicator", "What is counted", required=True),
    _text("indicator_source", "What is counted, as the facts word it", required=True),
    Field("value", "number", "The figure; blank: a data set named, not taken over", minimum=0),
    _text("unit", "Unit of the figure", required=True),
    Field("year", "year", "Year the figure is of"),
    _text("year_source", "Date as the facts word it"),
    _text("source", "Public pages, separated by ' | '", required=True),
    _text("note", "Short facts"),
]
PLAN_TARGETS = [
    _region("Planning region of the plan"),
    _text("target_group", "Key of the group", required=True),
    Field("persons", "integer", "Persons of the headline", required=True, minimum=1),
    Field(
        "indicator",
        "string",
        "target of the plan; assessed, or to_be_assessed, where no target was published",
        required=True,
        enum=HEADLINE_INDICATORS,
    ),
    _text("figure_id", "The figure taken", required=True),
    _text("need_figure_id", "The figure that need is spread from", required=True),
    Field("year", "year", "Year of the figure"),
    _text("source", "Public page of the figure", required=True),
    _text("alternatives", "Other figures of the whole group: figure_id=value, by '; '"),
    _text("note_lv", "What the figure is, in Latvian", required=True),
    _text("note_en", "What the figure is, in English", required=True),
]
PROMISED_SERVICES = [
    _text("target_group", "Key of the group", required=True),
    _text("service", "Key of the service its DI plan promises", required=True),
    _text("source", "Public page", required=True),
    _text("note", "Short facts"),
]
NEED = [
    _text("settlement_id", "Settlement", required=True),
    _region("Planning region of the plan"),
    _text("target_group", "Key of the group", required=True),
    Field(
        "persons",
        "number",
        "Persons of the group; those inside the plan add up to the figure exactly",
        required=True,
        minimum=0,
        decimals=4,
    ),
    Field(
        "basis", "string", "published or estimate", required=True, enum=("estimate", "published")
    ),
    Field(
        "method",
        "string",
        "share_of_region: by population over the partners of the DI project; share_of_remainder: "
        "the same, without municipalities of a figure of their own; share_of_municipality: by "
        "population within such a municipality; published_figure: it is one settlement; "
        "published_least: more were counted than its share; rate_of_region: outside the plan, at "
        "the region's rate; share_of_institutions: by planned clients of children's institutions",
        required=True,
        enum=METHODS,
    ),
    _text("figure_id", "The figure shared out", required=True),
    Field(
        "outside_plan",
        "boolean",
        "Its municipality is no partner of the DI project: not in the figure, on top of it",
        required=True,
    ),
]
FIELDS = {
    "service_types": SERVICE_TYPES,
    "target_groups": TARGET_GROUPS,
    "facilities": FACILITIES,
    "plan_figures": PLAN_FIGURES,
    "plan_targets": PLAN_TARGETS,
    "promised_services": PROMISED_SERVICES,
    "need": NEED,
    "contradictions": _contradictions.FIELDS,
    "prices": build_prices.FIELDS,
    **_register.FIELDS,
}


def _references(*columns: tuple[str, str]) -> tuple[ForeignKey, ...]:
    return tuple(ForeignKey((column,), table, (column,)) for column, table in columns)


_GROUP = ("target_group", "target-groups")
_SERVICE = ("service", "service-types")
_FIGURE = ("figure_id", "plan-figures")
_TABLES = {
    "service_types": ("Service types and proposed limits", ("service",), _references(_GROUP)),
    "target_groups": ("Target groups", ("target_group",), ()),
    "facilities": (
        "Facilities, one row per service at an address; those without a point are not located",
        ("facility_id",),
        _references(_GROUP),
    ),
    "plan_figures": (
        "Published figures on the DI plans of the regions",
        ("figure_id",),
        _references(_GROUP),
    ),
    "plan_targets": (
        "The figure of each region and group that headlines use",
        ("planning_region", "target_group"),
        _references(_GROUP, _FIGURE),
    ),
    "promised_services": (
        "Services that DI plans promise to each group",
        ("target_group", "service"),
        _references(_GROUP, _SERVICE),
    ),
    "need": (
        "Persons of each group in each settlement",
        ("target_group", "settlement_id"),
        _references(_GROUP, _FIGURE),
    ),
}

SOURCES = [
    *_register.SOURCES,
    Source(
        "Facilities and plan figures: the public pages named on each row", "https://lpr.gov.lv/"
    ),
    Source("Latgale planning region: DI plan and its progress", "https://lpr.gov.lv/"),
    Source("Kurzeme planning region: DI plan", "https://www.kurzemesregions.lv/"),
    Source("Rīga planning region: project Sirdsdomas jaunai dzīvei", "http://sirdsdomas.lv/"),
    Source(
        "Vidzeme planning region: project Vidzeme iekļauj",
        "https://aluksniesiem.lv/sabiedriba/vidzeme-ieklauj-vadibas-grupa-analize-deinstitucionalizacijas-procesa-istenosanu/",
    ),
    Source(
        "Zemgale planning region: project Atver sirdi Zemgalē",
        "https://www.dobele.lv/lv/projekts/atver-sirdi-zemgale",
    ),
    *_facts.STATISTICS,
    *_facts.CENTRES,
    *_facts.ESTIMATES,
    *_facts.REFORM,
]
ATTRIBUTION = {
    "lv": (
        "Pakalpojumu sniedzēji: Labklājības ministrijas sociālo pakalpojumu sniedzēju reģistrs, "
        "2026. gada 10. oktobris (CC0 1.0); adrešu koordinātas: Valsts zemes dienests (CC BY 4.0). "
        "Plānotais un plānu skaitļi: katrā rindā norādītās publiskās lapas. "
        + _facts.ATTRIBUTION["lv"]
    ),
    "en": (
        "Providers: Ministry of Welfare, register of social service providers, 10 October 2026 "
        "(CC0 1.0); coordinates of addresses: State Land Service (CC BY 4.0). Planned objects and "
        "plan figures: the public page named on each row. " + _facts.ATTRIBUTION["en"]
    ),
}
CAVEATS = read_csv(_facts.FACTS.parent / "services_caveats.csv")

PACKAGE = Package(
    name="socaccess-services",
    title="Community-based social services of Latvia: types, facilities, plans and need",
    title_lv="Sabiedrībā balstīti sociālie pakalpojumi Latvijā: veidi, iestādes, plāni, vajadzība",
    description=(
        "Service types with proposed limits, the state register of providers, the facilities it "
        "and public pages know, published figures of the deinstitutionalisation (DI) plans, "
        "persons per settlement and target group, and what contradicts what."
    ),
    created=CREATED,
    resources=[
        Table(name.replace("_", "-"), f"{name}.csv", about, FIELDS[name], key, references)
        for name, (about, key, references) in _TABLES.items()
    ]
    + [build_prices.TABLE, _contradictions.TABLE, *_register.TABLES],
    sources=SOURCES + build_prices.SOURCES,
    licences=[ODBL, CC_BY],
    attribution=ATTRIBUTION,
    caveats={
        lang: [*(row[lang] for row in CAVEATS), build_prices.CAVEATS[lang]] for lang in ("lv", "en")
    },
    keywords=("accessibility", "deinstitutionalisation", "Latvia", "social services"),
)
