"""counts and reminders

Revision: 0031, after 0030.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('job_position',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('position', sa.String(length=64), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_job_position'))
    )
    op.create_table('statistic_case',
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('service_item', sa.String(length=64), nullable=False),
    sa.Column('case_number', sa.String(length=128), nullable=False),
    sa.Column('materials', sa.Integer(), nullable=False),
    sa.Column('exempt', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('organisation', 'service_item', 'case_number', name=op.f('pk_statistic_case'))
    )
    with op.batch_alter_table('statistic_case', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_statistic_case_day'), ['day'], unique=False)

    op.create_table('use_statistic',
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('measure', sa.String(length=16), nullable=False),
    sa.Column('service_item', sa.String(length=64), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('organisation', 'day', 'measure', 'service_item', 'type_code', 'mark', name=op.f('pk_use_statistic'))
    )
    with op.batch_alter_table('use_statistic', schema=None) as batch_op:
        batch_op.create_index('ix_use_statistic_day', ['day'], unique=False)

    op.create_table('licence_reminder',
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('days', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('lapses_on', sa.Date(), nullable=False),
    sa.Column('told', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['licence_id'], ['licence.id'], name=op.f('fk_licence_reminder_licence_id_licence')),
    sa.PrimaryKeyConstraint('licence_id', 'version', 'days', name=op.f('pk_licence_reminder'))
    )
    with op.batch_alter_table('licence_reminder', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_reminder_lapses_on'), ['lapses_on'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('licence_reminder', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_licence_reminder_lapses_on'))

    op.drop_table('licence_reminder')
    with op.batch_alter_table('use_statistic', schema=None) as batch_op:
        batch_op.drop_index('ix_use_statistic_day')

    op.drop_table('use_statistic')
    with op.batch_alter_table('statistic_case', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statistic_case_day'))

    op.drop_table('statistic_case')
    op.drop_table('job_position')
