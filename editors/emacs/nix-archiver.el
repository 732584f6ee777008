;;; nix-archiver.el --- Versions of nixpkgs packages in packages.nix -*- lexical-binding: t -*-

;;; Commentary:

;; Load this file from your configuration.  It sets up Eglot (part of Emacs 29 and newer) or
;; lsp-mode, whichever of them you use.

;;; Code:

(defvar eglot-server-programs)
(declare-function lsp-register-client "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")

(defun nix-archiver-file-p (&optional file)
  "Whether FILE, or else the file of this buffer, is called packages.nix."
  (let ((name (or file buffer-file-name)))
    (and name (string= (file-name-nondirectory name) "packages.nix"))))

;; Eglot runs one server for a buffer: this one for packages.nix, and nil for other Nix files.
(defun nix-archiver-eglot-contact (&rest _)
  "The server program for this buffer."
  (if (nix-archiver-file-p) '("nix-archiver" "lsp") '("nil")))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '((nix-mode nix-ts-mode) . nix-archiver-eglot-contact)))

;; lsp-mode can run it beside the server for Nix itself.
(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection '("nix-archiver" "lsp"))
    :activation-fn (lambda (file _mode) (nix-archiver-file-p file))
    :add-on? t
    :server-id 'nix-archiver)))

(provide 'nix-archiver)
;;; nix-archiver.el ends here
