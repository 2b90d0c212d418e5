"""What the city offers, and the ways to find it.

`Service` has its identity from the page's first save; its public text (`ServiceText`) is written only by
`actions.publish_service`, from a frozen `ServiceRecord`.
"""

from services.catalogue.models.finding import (
    Guide,
    SearchClick,
    SearchCount,
    SearchEntry,
    SearchTerm,
    SearchWord,
    SitePage,
    WordLink,
)
from services.catalogue.models.offered import (
    Availability,
    AvailabilityWish,
    Category,
    Channel,
    Department,
    DepartmentMember,
    DepartmentRole,
    Dimension,
    Holiday,
    Invitation,
    LifeEvent,
    NamedInTwoLanguages,
    Need,
    OldAddress,
    Region,
    Service,
    ServicePoint,
    ServiceText,
)

__all__ = [
    "Availability",
    "AvailabilityWish",
    "Category",
    "Channel",
    "Department",
    "DepartmentMember",
    "DepartmentRole",
    "Dimension",
    "Guide",
    "Holiday",
    "Invitation",
    "LifeEvent",
    "NamedInTwoLanguages",
    "Need",
    "OldAddress",
    "Region",
    "SearchClick",
    "SearchCount",
    "SearchEntry",
    "SearchTerm",
    "SearchWord",
    "Service",
    "ServicePoint",
    "ServiceText",
    "SitePage",
    "WordLink",
]
