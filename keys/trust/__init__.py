"""Whom we trust: lists of authorities, certification paths, revocation (数字证书交叉互认)."""
