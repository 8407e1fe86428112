"""index keys that turn

Blind indexes name their keys, so they are longer than before. Accounts and the marks of licences that a holder can have
only once are found through rows of their own, one for each accepted index key. Addresses of documents name their keys too.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

_INDEXED = (('licence', 'number_index'), ('licence_holder', 'code_index'), ('consent', 'holder_index'), ('access_record', 'holder_index'))


def upgrade() -> None:
    _job_tables()
    _account_index()
    _licence_mark()
    for table, column in _INDEXED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=sa.LargeBinary(length=32), type_=sa.LargeBinary(), existing_nullable=False)
    with op.batch_alter_table('access_record', schema=None) as batch_op:
        batch_op.add_column(sa.Column('holder_enc', sa.LargeBinary(), nullable=True))
    with op.batch_alter_table('licence_file', schema=None) as batch_op:
        batch_op.alter_column('content', existing_type=sa.String(length=64), type_=sa.String(length=128), existing_nullable=False)


def _job_tables() -> None:
    op.create_table('reencryption_job',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('target', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('cursor', sa.String(length=400), nullable=True),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('rewritten', sa.Integer(), nullable=False),
    sa.Column('moved', sa.Integer(), nullable=False),
    sa.Column('overtaken', sa.Integer(), nullable=False),
    sa.Column('faulty', sa.Integer(), nullable=False),
    sa.Column('began_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lease', sa.String(length=40), nullable=True),
    sa.Column('leased_until', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_reencryption_job'))
    )
    op.create_table('discarded_document',
    sa.Column('address', sa.String(length=128), nullable=False),
    sa.Column('due_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('address', name=op.f('pk_discarded_document'))
    )
    with op.batch_alter_table('discarded_document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_discarded_document_due_at'), ['due_at'], unique=False)


def _account_index() -> None:
    op.create_table('account_index',
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_index_account_id_account')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_account_index'))
    )
    with op.batch_alter_table('account_index', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_index_account_id_kind'), ['account_id', 'kind'], unique=False)
    op.execute("INSERT INTO account_index (digest, account_id, kind) SELECT number_index, id, 'citizen-id' FROM account")
    op.execute("INSERT INTO account_index (digest, account_id, kind) SELECT phone_index, id, 'phone' FROM account WHERE phone_index IS NOT NULL")
    with op.batch_alter_table('account', schema=None) as batch_op:
        for column in ('number_index', 'phone_index'):
            batch_op.drop_constraint(f'uq_account_{column}', type_='unique')
            batch_op.drop_column(column)


def _licence_mark() -> None:
    op.create_table('licence_mark',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['licence_id', 'version', 'position'], ['licence_holder.licence_id', 'licence_holder.version', 'licence_holder.position'], name=op.f('fk_licence_mark_licence_id_version_position_licence_holder')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_licence_mark'))
    )
    with op.batch_alter_table('licence_mark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_mark_licence_id'), ['licence_id'], unique=False)
    op.create_table('licence_mark_index',
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('mark_id', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['mark_id'], ['licence_mark.id'], name=op.f('fk_licence_mark_index_mark_id_licence_mark')),
    sa.PrimaryKeyConstraint('type_code', 'digest', name=op.f('pk_licence_mark_index'))
    )
    with op.batch_alter_table('licence_mark_index', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_mark_index_mark_id'), ['mark_id'], unique=False)
    # which of the licence's holders the mark is of: the one with the same index, in the licence's newest version
    holders = """
        FROM licence_single AS single
        JOIN licence ON licence.id = single.licence_id
        JOIN licence_holder AS holder ON holder.licence_id = licence.id AND holder.version = licence.version
            AND holder.code_index = single.code_index"""
    mark = "'mrk_' || substr(holder.licence_id, 5) || '_' || holder.position"
    op.execute(f"INSERT INTO licence_mark (id, licence_id, version, position) SELECT {mark}, holder.licence_id, holder.version, holder.position {holders}")
    op.execute(f"INSERT INTO licence_mark_index (type_code, digest, mark_id) SELECT single.type_code, single.code_index, {mark} {holders}")
    op.drop_table('licence_single')


def downgrade() -> None:
    raise NotImplementedError('an older release cannot find what newer index keys name: restore the backup made before the upgrade')
