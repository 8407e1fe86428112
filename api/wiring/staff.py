"""Puts departments and their staff together."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.clock import Clock
from core.db.database import Database
from idp.directory import PersonVault
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.people import CreateAccount
from idp.ports import AccountStore, OrganisationStore, SessionStore, TokenStore
from idp.scim.duties import Provisioners
from idp.scim.groups import Groups
from idp.scim.ports import RealNameCheck
from idp.scim.users import Users
from idp.security_events.ports import SecurityEvents
from idp.staff.deciding import DecideRoles
from idp.staff.departments import Departments
from idp.staff.duties import Duties
from idp.staff.leaving import LeaveStaff
from idp.staff.looking import LookAtStaff
from idp.staff.people import FindPeople
from idp.staff.ports import DepartmentStore, RoleProposals, StaffRoleStore, StaffStore
from idp.staff.proposing import ProposeRoles
from idp.staff.roles import AssignStaffRole, GiveRoles, RemoveStaffRole
from idp.stores.departments import SqlDepartmentStore
from idp.stores.staff import SqlRoleProposals, SqlStaffRoleStore, SqlStaffStore


@dataclass(frozen=True)
class StaffStores:
    """The stores; tests put wrapped ones in."""

    departments: DepartmentStore = field(default_factory=SqlDepartmentStore)
    roles: StaffRoleStore = field(default_factory=SqlStaffRoleStore)
    proposals: RoleProposals = field(default_factory=SqlRoleProposals)
    members: StaffStore = field(default_factory=SqlStaffStore)


@dataclass(frozen=True)
class SharedStores:
    """Stores of the identity provider that staff stand on."""

    accounts: AccountStore
    organisations: OrganisationStore
    sessions: SessionStore
    tokens: TokenStore


@dataclass(frozen=True)
class ScimServices:
    """Ready use cases for personnel systems."""

    users: Users
    groups: Groups


@dataclass(frozen=True)
class StaffServices:
    """Ready use cases."""

    departments: Departments
    look: LookAtStaff
    propose: ProposeRoles
    decide: DecideRoles
    leave: LeaveStaff
    find_people: FindPeople
    assign: AssignStaffRole
    remove: RemoveStaffRole


def build_scim(
    database: Database,
    stores: StaffStores,
    shared: SharedStores,
    staff: StaffServices,
    create: CreateAccount,
    check: RealNameCheck,
    deliver: DeliverLogouts,
    vault: PersonVault,
    clock: Clock,
) -> ScimServices:
    provisioners = Provisioners(database, stores.departments)
    give = GiveRoles(shared.accounts, shared.organisations, clock)
    users = Users(
        database,
        shared.accounts,
        shared.organisations,
        stores.members,
        provisioners,
        create,
        check,
        give,
        staff.leave,
        deliver,
        vault,
        clock,
    )
    return ScimServices(users, Groups(database, stores.departments, stores.members, provisioners, give))


def build_staff(
    database: Database,
    stores: StaffStores,
    shared: SharedStores,
    end_session: EndSession,
    deliver: DeliverLogouts,
    events: SecurityEvents,
    vault: PersonVault,
    clock: Clock,
) -> StaffServices:
    duties = Duties(database, stores.departments, events)
    give = GiveRoles(shared.accounts, shared.organisations, clock)
    return StaffServices(
        departments=Departments(database, shared.organisations, stores.departments, duties, clock),
        look=LookAtStaff(database, shared.accounts, stores.roles, duties),
        propose=ProposeRoles(database, shared.accounts, shared.organisations, stores.proposals, give, duties, clock),
        decide=DecideRoles(database, stores.proposals, give, duties, clock),
        leave=LeaveStaff(
            database,
            shared.accounts,
            stores.members,
            stores.roles,
            stores.proposals,
            shared.sessions,
            shared.tokens,
            end_session,
            deliver,
            duties,
            clock,
        ),
        find_people=FindPeople(database, shared.accounts, shared.sessions, duties, vault, clock),
        assign=AssignStaffRole(database, give, clock),
        remove=RemoveStaffRole(database, give),
    )
