"""certificates that seals had

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('seal_certificate',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('seal_id', sa.String(length=64), nullable=False),
    sa.Column('since', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['seal_id'], ['seal.id'], name=op.f('fk_seal_certificate_seal_id_seal')),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_seal_certificate'))
    )
    with op.batch_alter_table('seal_certificate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seal_certificate_seal_id'), ['seal_id'], unique=False)
    op.execute(
        'INSERT INTO seal_certificate (digest, seal_id, since) SELECT certificate_digest, id, created_at FROM seal'
    )


def downgrade() -> None:
    with op.batch_alter_table('seal_certificate', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seal_certificate_seal_id'))

    op.drop_table('seal_certificate')
