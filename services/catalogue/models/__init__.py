"""What the city offers, and the ways to find it.

`Service` has its identity from the page's first save; its public text (`ServiceText`) is written only by
`actions.publish_service`, from a frozen `ServiceRecord`.
"""

from services.catalogue.models.departments import (
    Department,
    DepartmentChange,
    DepartmentMember,
    DepartmentRole,
    Holiday,
    Invitation,
    NamedInTwoLanguages,
    Notice,
    Region,
    ServicePoint,
)
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
from services.catalogue.models.journeys import Journey, JourneyStep, Opens
from services.catalogue.models.offered import (
    Availability,
    AvailabilityWish,
    Category,
    Channel,
    Dimension,
    LifeEvent,
    Need,
    OldAddress,
    Service,
    ServiceText,
)

__all__ = [
    "Availability",
    "AvailabilityWish",
    "Category",
    "Channel",
    "Department",
    "DepartmentChange",
    "DepartmentMember",
    "DepartmentRole",
    "Dimension",
    "Guide",
    "Holiday",
    "Invitation",
    "Journey",
    "JourneyStep",
    "LifeEvent",
    "NamedInTwoLanguages",
    "Need",
    "Notice",
    "OldAddress",
    "Opens",
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
