import { defineConfig } from 'vite';

// The bundle is compared byte by byte in CI: nothing in it may depend on where or when it is built.
export default defineConfig({
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: process.env.CONSOLE_OUT ?? 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsDir: 'console',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        entryFileNames: 'console/[name]-[hash].js',
        chunkFileNames: 'console/[name]-[hash].js',
        assetFileNames: 'console/[name]-[hash][extname]',
        manualChunks: (id) => (/@codemirror\/(view|state)|style-mod|w3c-keyname|crelt/.test(id) ? 'codemirror' : undefined),
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/healthz', '/readyz', '/docs', '/openapi.json'].map((path) => [path, process.env.OPTIMUS ?? 'http://127.0.0.1:8080']),
    ),
  },
});
